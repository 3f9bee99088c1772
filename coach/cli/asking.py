"""What answers questions, put together from a data folder and its configuration."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coach.answers import Asker
    from coach.config import Config
    from coach.saved import Ask
    from coach.store import Store


def asking(data_dir: Path, config: "Config") -> "Callable[[Store, bool], Ask]":
    """A function that gives what answers over a store: with the configured LLM, or (False) without.

    What is heavy is loaded once, when the function is first called; the index is opened anew when a run has made
    another one current. A new `Llm` is made each time, so that the limits of its use are each question's own.
    """
    load = cache(lambda: _load(data_dir, config))

    def ask(store: "Store", with_llm: bool) -> "Ask":
        from coach.answers import answer
        from coach.llm import open_llm

        llm = open_llm(config.llm, store) if with_llm else None
        return partial(answer, load()(store=store, today=datetime.now(UTC).date(), llm=llm))

    return ask


def _load(data_dir: Path, config: "Config") -> "Callable[..., Asker]":
    """`Asker`, but for the store, the day and the LLM."""
    from coach.answers import Asker
    from coach.retrieval.embeddings import load_embedder
    from coach.retrieval.index import Index
    from coach.routing import PhraseBook
    from coach.trackers import load_trackers

    return partial(
        Asker,
        index=Index.open(data_dir / "index"),
        embedder=load_embedder(config.retrieval.embedding_model),
        config=config.retrieval,
        book=PhraseBook.load(load_trackers(None if config.score.trackers is None else Path(config.score.trackers))),
    )
