"""The columns' types: text, instants, numbers and small JSON values, stored alike in SQLite and PostgreSQL."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, Double, Integer, String, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TIMESTAMP

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean_text(text: str) -> str:
    """`text` with every character that one of the databases refuses replaced by U+FFFD.

    PostgreSQL stores no NUL, neither database stores half a surrogate pair (which names of files with undecodable
    bytes contain). One character becomes one character, so positions in the text stay right.
    """
    return _UNSTORABLE.sub("\ufffd", text)


def as_utc(instant: datetime) -> datetime:
    """The instant in UTC; one without a zone is taken as UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text of any origin, stored as `clean_text` gives it; also when it is compared with."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class Instant(TypeDecorator[datetime]):
    """An instant in UTC. SQLite keeps ISO text of fixed width with its offset, which sorts as time does."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        utc = as_utc(value)
        return utc if dialect.name == "postgresql" else utc.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return as_utc(value if isinstance(value, datetime) else datetime.fromisoformat(value))


class Number(TypeDecorator[float]):
    """A double. Numpy's scalars are taken too; "not a number" is stored as missing (SQLite has no NaN)."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> float | None:
        number = None if value is None else float(value)
        return None if number is None or math.isnan(number) else number


class Count(TypeDecorator[int]):
    """An integer. Numpy's scalars are taken too."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class Json(TypeDecorator[Any]):
    """A small JSON value kept as text, which is the same on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(json.dumps(value, ensure_ascii=False, default=str))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)
