"""Passages by the words in them: SQLite's FTS5, PostgreSQL's own text search. Both stem English.

The search table and the search column are made by migration 0004 and kept in step by the database itself, whatever
deletes or adds a passage. What is common in the store costs most and tells least, so words are taken from the rarest
on until they occur in `most` passages, all together.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, CursorResult, func, select, text

from coach.store.schema import passages

MOST = 5_000  # postings read for one query: about 2 µs each with SQLite
MAX_WORDS = 64  # of a query are looked up
LONGEST_WORD = 100  # characters
MIN_IDF = 1e-6  # FTS5's: a word in more than half of all passages counts next to nothing

_FTS_COUNT = "SELECT count(*) FROM (SELECT 1 FROM passages_fts WHERE passages_fts MATCH ? LIMIT ?)"
_FTS_MATCH = "SELECT rowid, -bm25(passages_fts) FROM passages_fts WHERE passages_fts MATCH ?"
_TSV_QUERY = "plainto_tsquery('english', :word)"
_TSV_COUNT = text(f"SELECT count(*) FROM (SELECT 1 FROM passages WHERE words @@ {_TSV_QUERY} LIMIT :most) AS found")
# A lexeme's further occurrences add ever less (the sum of 1/i²), and long passages get less: 1 + log(length).
_TSV_MATCH = text(f"SELECT id, ts_rank(words, {_TSV_QUERY}, 1) FROM passages WHERE words @@ {_TSV_QUERY}")

NOTHING = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float64))


def frequencies(connection: Connection, words: Sequence[str], *, most: int = MOST) -> dict[str, int]:
    """In how many passages each of the words occurs (in any form of its stem), counted up to `most` + 1.

    Left out are what is no run of letters and digits or longer than LONGEST_WORD, and what comes after the first
    MAX_WORDS different ones.
    """
    wanted = [word for word in dict.fromkeys(words) if word.isalnum() and len(word) <= LONGEST_WORD][:MAX_WORDS]
    return {word: _count(connection, word, most + 1) for word in wanted}


def match(connection: Connection, words: Sequence[str], *, most: int = MOST) -> tuple[np.ndarray, np.ndarray]:
    """Passages that hold any of the words: ids (int64, (n,)) and scores above 0 (float64, (n,)), by rising id.

    The score is BM25 on SQLite; on PostgreSQL the sum, over the words, of ts_rank times the same inverse frequency. It
    is added up here, word by word: FTS5 takes several times as long for all words at once. Where more than `most`
    passages would be read, the commonest words are left out.
    """
    counts = frequencies(connection, words, most=most)
    chosen: list[str] = []
    left = most
    for word in sorted(counts, key=lambda each: counts[each]):
        left -= counts[word]
        if left < 0:
            break
        if counts[word]:
            chosen.append(word)
    parts = [_scored(connection, word, counts[word]) for word in chosen]
    if not parts:
        return NOTHING
    ids, owners = np.unique(np.concatenate([ids for ids, _ in parts]), return_inverse=True)
    return ids, np.bincount(owners, weights=np.concatenate([scores for _, scores in parts]))


def rebuild(connection: Connection) -> None:
    """Writes SQLite's search table anew: deleted words stay in it otherwise, until enough others come after them."""
    connection.exec_driver_sql("INSERT INTO passages_fts (passages_fts) VALUES ('rebuild')")


def _count(connection: Connection, word: str, most: int) -> int:
    if connection.dialect.name == "sqlite":
        return int(connection.exec_driver_sql(_FTS_COUNT, (_quoted(word), most)).scalar_one())
    return int(connection.execute(_TSV_COUNT, {"word": word, "most": most}).scalar_one())


def _quoted(word: str) -> str:
    """The word as FTS5 takes it for nothing but a word."""
    return '"' + word.replace('"', '""') + '"'


def _scored(connection: Connection, word: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the `count` passages that hold the word, ids and scores."""
    if connection.dialect.name == "sqlite":
        return _arrays(connection.exec_driver_sql(_FTS_MATCH, (_quoted(word),)))
    ids, ranks = _arrays(connection.execute(_TSV_MATCH, {"word": word}))
    n_passages = connection.scalar(select(func.count()).select_from(passages)) or 0
    return ids, ranks * max(MIN_IDF, np.log((n_passages - count + 0.5) / (count + 0.5)))


def _arrays(rows: CursorResult[Any]) -> tuple[np.ndarray, np.ndarray]:
    found = np.array([tuple(row) for row in rows.all()], dtype=[("id", np.int64), ("score", np.float64)])
    return found["id"], found["score"]
