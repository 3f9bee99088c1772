"""WebVTT and SRT: cues with times, of which each becomes a turn.

Structure: W3C, "WebVTT: The Web Video Text Tracks Format" (2019); SubRip's `.srt` has no standard, its cues are the
same with a comma before the milliseconds. Read here and not through webvtt-py or srt, because neither can tell the line
of a bad cue and keep the others.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coach.types import ROLES, Call, Role, Turn
from ingest.fields import shown_text
from ingest.formats.contacts import BadItem, Problem, Sides, assemble, checked_time, id_from_name, label, read_text

_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?$")
_VOICE = re.compile(r"<v((?:\.[^\s.>]+)*)(?:[ \t]([^>]*))?>")
_TAG = re.compile(r"</?[^>]{0,200}>|\{\\an?\d+\}")
_NAMED = re.compile(r"(?:[-\u2013]\s?)?\[?([A-Z][\w .'#-]{0,38})\]?:\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class _Cue:
    line: int
    start: float
    end: float
    text: str


def read_subtitles(path: Path, sides: Sides) -> Iterator[Call | Problem]:
    """The one contact of a file; a problem for each cue that cannot be read. The id is the file's name.

    A speaker is named by `<v Name>` (its classes may hold the role, as `coach export` writes them), or at the start of
    a cue as `Name: ...`, which counts where at least half of the cues have it. Raises InputError when the file cannot
    be read.
    """
    name = shown_text(path.name)
    cues: list[_Cue] = []
    for item in _cues(read_text(path), name):
        if isinstance(item, Problem):
            yield item
        else:
            cues.append(item)
    prefixed = sum(bool(_NAMED.match(cue.text)) for cue in cues) * 2 >= len(cues) > 0
    turns = [turn for cue in cues for turn in _turns(cue, sides, prefixed=prefixed)]
    try:
        yield assemble(id_from_name(path), "voice", turns, path)
    except BadItem as error:
        yield Problem(None, "bad_transcript", f"{name}: {error}.")


def _cues(text: str, name: str) -> Iterator[_Cue | Problem]:
    """The cues in order of the file. Blocks without times (NOTE, STYLE, REGION, the header) are passed over."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    at = 0
    while at < len(lines):
        if "-->" not in lines[at]:
            if lines[at].startswith(("NOTE", "STYLE", "REGION")):
                while at < len(lines) and lines[at].strip():
                    at += 1
            at += 1
            continue
        number = at + 1
        times = _TIMES.match(lines[at])
        at += 1
        said: list[str] = []
        while at < len(lines) and lines[at].strip() and "-->" not in lines[at]:
            said.append(lines[at])
            at += 1
        if at < len(lines) and "-->" in lines[at] and said:
            said.pop()  # the next cue's number: the blank line between them is missing
        place = f"{name} line {number}"
        if times is None:
            yield Problem(number, "bad_transcript", f"{place}: expected times like 00:01:02.500 --> 00:01:04.000.")
            continue
        try:
            start, end = (checked_time("a time", _seconds(times.groups()[i : i + 4])) for i in (0, 4))
            if end < start:
                raise BadItem("it ends before it starts; expected the earlier time first")
        except BadItem as error:
            yield Problem(number, "bad_transcript", f"{place}: {error}.")
            continue
        yield _Cue(number, start, end, "\n".join(said))


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    milliseconds = int((fraction or "0").ljust(3, "0"))
    return round(int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + milliseconds / 1000, 3)


def _turns(cue: _Cue, sides: Sides, *, prefixed: bool) -> Iterator[Turn]:
    """A turn for each voice of a cue; the voices of one cue share its times."""
    marks = list(_VOICE.finditer(cue.text))
    if not marks:
        named = _NAMED.match(cue.text) if prefixed else None
        speaker = label(named[1]) if named else None
        text = _plain(cue.text[named.end() :] if named else cue.text)
        yield Turn(sides.of(speaker), text, cue.start, cue.end, speaker)
        return
    before = _plain(cue.text[: marks[0].start()])
    if before:
        yield Turn("unknown", before, cue.start, cue.end)
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        text = _plain(cue.text[mark.end() : following.start() if following else len(cue.text)])
        speaker = label(html.unescape(mark[2] or ""))
        classes = mark[1].split(".")[1:]
        role: Role = next((role for role in ROLES if role in classes), sides.of(speaker))
        if speaker in ROLES:
            role, speaker = (role if classes else next(known for known in ROLES if known == speaker)), None
        yield Turn(role, text, cue.start, cue.end, speaker)


def _plain(text: str) -> str:
    """The words of cue text: tags and positions removed, character references resolved, one line."""
    return " ".join(html.unescape(_TAG.sub("", text)).split())


def looks_like_subtitles(head: bytes) -> bool:
    """Whether a file begins like WebVTT or SRT; `head` is its first few KiB."""
    if head.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT"):
        return True
    return re.match(rb"(?:\xef\xbb\xbf)?\s*\d+\s*\r?\n\s*\d{1,4}:\d{1,2}:\d{1,2}[.,]\d{1,3}\s*-->", head) is not None
