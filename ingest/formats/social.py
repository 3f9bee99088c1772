"""Social threads as JSONL: a post a line, as the networks' interfaces give them, each thread a contact.

Structure: Mastodon's Status, X's Post object (API v2), Reddit's comment; and plain names for exports of other programs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, BaseModel, Field, field_validator

from coach.types import Call, Turn
from ingest.fields import parse_instant, shown_text
from ingest.formats.contacts import BadItem, Problem, Sides, as_instant, assemble, checked_id, label, read_bytes, shown
from ingest.formats.html import text_of
from ingest.formats.json import parse_json, validate

_MARKUP = re.compile(r"<(?:p|br|a|span)\b[^>]*>", re.IGNORECASE)


class _Post(BaseModel):
    id: str
    text: str = Field(validation_alias=AliasChoices("text", "content", "body", "message", "selftext"))
    thread: str | None = Field(None, validation_alias=AliasChoices("thread_id", "conversation_id", "link_id"))
    parent: str | None = Field(
        None, validation_alias=AliasChoices("in_reply_to_id", "in_reply_to", "parent_id", "reply_to")
    )
    author: str | None = Field(
        None, validation_alias=AliasChoices("author", "account", "username", "user", "from", "author_id")
    )
    role: str | None = None
    at: str | float | None = Field(
        None, validation_alias=AliasChoices("at", "created_at", "created_utc", "timestamp", "created_time", "date")
    )

    @field_validator("id", "thread", "parent", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("author", mode="before")
    @classmethod
    def _name(cls, value: Any) -> Any:
        """The name, where the network gives an object."""
        if isinstance(value, dict):
            return next((value[key] for key in ("acct", "username", "name", "id") if value.get(key)), None)
        return value


@dataclass(frozen=True, slots=True)
class _Placed:
    line: int
    post: _Post
    at: datetime | None


def read_posts(path: Path, sides: Sides) -> Iterator[Call | Problem]:
    """A contact for each thread, in order of first lines; a problem for each bad line, which costs that post only.

    A post's thread is the one it names, else that of the post it answers, else its own. Raises InputError when the
    file cannot be read.
    """
    name = shown_text(path.name)
    posts: dict[str, _Placed] = {}
    for number, raw in enumerate(read_bytes(path).splitlines(), start=1):
        if not raw.strip():
            continue
        try:
            post = validate(_Post, parse_json(raw))
            posts.setdefault(_bare(post.id), _Placed(number, post, _instant(post.at)))
        except BadItem as error:
            yield Problem(number, "bad_transcript", f"{name} line {number}: {error}.")
    threads: dict[str, list[_Placed]] = {}
    for placed in posts.values():
        threads.setdefault(_root(placed.post, posts), []).append(placed)
    for root, thread in threads.items():
        turns = [_turn(placed, sides) for placed in thread]
        try:
            yield assemble(checked_id("the id of the thread", root), "social", turns, path)
        except BadItem as error:
            yield Problem(thread[0].line, "bad_transcript", f"{name} line {thread[0].line}: {error}.")


def _turn(placed: _Placed, sides: Sides) -> Turn:
    post = placed.post
    text = text_of(post.text) if _MARKUP.search(post.text) else post.text
    named = post.author if sides.agent is not None else (post.role or post.author)
    return Turn(sides.of(named), text, speaker=label(post.author), at=placed.at)


def _root(post: _Post, posts: dict[str, _Placed]) -> str:
    seen: set[str] = set()
    while post.thread is None and post.parent is not None and post.id not in seen:
        seen.add(post.id)
        above = posts.get(_bare(post.parent))
        if above is None:
            return _bare(post.parent)
        post = above.post
    return _bare(post.thread or post.id)


def _bare(text: str) -> str:
    """Reddit writes t1_ and t3_ before the ids of parents, not before a post's own."""
    return re.sub(r"^t[13]_", "", text)


def _instant(at: str | float | None) -> datetime | None:
    if at is None:
        return None
    try:
        return as_instant(parse_instant(at) if isinstance(at, str) else datetime.fromtimestamp(at, UTC))
    except (ValueError, OverflowError, OSError):
        raise BadItem(f"the time is {shown(at)}; expected ISO 8601 or Unix seconds") from None


def looks_like_posts(first: object) -> bool:
    """Whether the first line's JSON is a post and no whole contact."""
    if not isinstance(first, dict) or "turns" in first or "id" not in first:
        return False
    return any(isinstance(first.get(key), str) for key in ("text", "content", "body", "message", "selftext"))
