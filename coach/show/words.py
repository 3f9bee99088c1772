"""How words, times and values are written in the terminal."""

import unicodedata

from rich.text import Text

from coach.types import Evidence, Score

MAX_EVIDENCE = 6
"""Times listed for one score; the rest is counted."""
MISSING = "\N{EN DASH}"

_KEPT_CONTROLS = str.maketrans("\t\r\n", "   ")


def printable(text: str) -> str:
    """The text without control, direction-changing and unassigned characters; line ends and tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        for char in text.translate(_KEPT_CONTROLS)
        if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")
    )


def clock(seconds: float | None) -> str:
    """mm:ss, from an hour on h:mm:ss; seconds are cut, not rounded. An en dash for None."""
    if seconds is None:
        return MISSING
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes:02d}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def shortened(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


def plain_name(name: str) -> str:
    """A stored name as words: "cause_long_wait" becomes "cause long wait"."""
    return printable(name.replace("_", " ").replace("-", " "))


def percent(share: float | None) -> str:
    return MISSING if share is None else f"{share:.0%}"


def write_value(value: float | None, unit: str) -> str:
    """A measure's value in its unit."""
    if value is None:
        return MISSING
    if unit == "share":
        return f"{value:.0%}"
    if unit == "s":
        return f"{value:.1f} s" if value < 10 and value % 1 else f"{value:.0f} s"
    number = f"{value:.0f}" if value == int(value) else f"{value:.1f}"
    return {"per_minute": f"{number}/min", "per_10_minutes": f"{number}/10 min"}.get(unit, number)


def reason(score: Score) -> Text:
    reason = Text(printable(score.explanation))
    if score.evidence:
        shown = ", ".join(place(evidence) for evidence in score.evidence[:MAX_EVIDENCE])
        more = len(score.evidence) - MAX_EVIDENCE
        reason.append(f" [{shown}{f' and {more} more' if more > 0 else ''}]", style="dim")
    return reason


def place(evidence: Evidence) -> str:
    """The evidence's time; of chat and mail, the turn counted from 1 as people do."""
    return f"turn {evidence.turn + 1}" if evidence.time_s is None else clock(evidence.time_s)
