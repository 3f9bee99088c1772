"""How values are written on the pages. Missing is always an en dash, never 0."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

MISSING = "\N{EN DASH}"


def clock(seconds: float | None) -> str:
    """Position in a recording as m:ss, or h:mm:ss from an hour on; seconds are cut, not rounded."""
    if seconds is None:
        return MISSING
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def length(seconds: float | None) -> str:
    """A length in words short enough for a heading: 45 s, 12 min, 3.4 h, 1,250 h."""
    if seconds is None:
        return MISSING
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 360_000 else f"{seconds / 3600:,.0f} h"


def stretch(seconds: float | None) -> str:
    """How long somebody speaks, rounded: 45 s, 1:13."""
    if seconds is None:
        return MISSING
    return f"{seconds:.0f} s" if round(seconds) < 60 else clock(round(seconds))


def percent(share: float | None) -> str:
    """A share in 0..1 as whole percent."""
    return MISSING if share is None else f"{share * 100:.0f} %"


def number(value: float | None) -> str:
    """A count or figure with at most one decimal."""
    if value is None:
        return MISSING
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def day(moment: datetime | None) -> str:
    """The UTC date, as 3 Mar 2026."""
    if moment is None:
        return MISSING
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y}"


def minute(moment: datetime | None) -> str:
    """The UTC time of day, as 09:12."""
    return MISSING if moment is None else f"{moment.astimezone(UTC):%H:%M}"


def iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def yes_no(value: bool | None) -> str:
    return MISSING if value is None else "yes" if value else "no"


def call_path(call_id: str) -> str:
    """The address of a call's page, whatever characters its id holds.

    Browsers resolve the path segments "." and ".." even when percent-encoded, so these two ids go into the query.
    """
    if call_id in {".", "..", ""}:
        return "/calls/?" + urlencode({"id": call_id})
    return "/calls/" + quote(call_id, safe="")
