"""Which formats of ready transcripts there are, and which of them a file is in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from coach.types import Call
from ingest.formats.amazon import looks_like_amazon, read_amazon
from ingest.formats.chat import looks_like_chats, read_chats
from ingest.formats.contacts import BadItem, Problem, Sides
from ingest.formats.json import load_json, parse_json
from ingest.formats.jsonl import read_transcripts
from ingest.formats.mail import looks_like_mail, read_mail
from ingest.formats.social import looks_like_posts, read_posts
from ingest.formats.subtitles import looks_like_subtitles, read_subtitles
from ingest.formats.vcon import looks_like_vcon, read_vcon
from ingest.formats.whisper import looks_like_whisper, read_whisper

Reader = Callable[[Sequence[Path], Sides], Iterator[Call | Problem]]

SUFFIXES = (".vtt", ".srt", ".eml", ".mbox", ".jsonl", ".ndjson", ".json", ".vcon", ".csv", ".tsv")
"""Of files that may hold contacts; of the last few the content decides."""
_HEAD = 4096
_LINES = 20
"""Lines of a JSONL file that are looked at for one that tells its format."""


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    read: Reader
    """The contacts of the files, and a problem for each item that holds none; raises InputError for a whole file."""


def _each(read: Callable[[Path, Sides], Iterator[Call | Problem]]) -> Reader:
    return lambda paths, sides: (item for path in paths for item in read(path, sides))


FORMATS = {
    form.name: form
    for form in (
        Format("jsonl", _each(lambda path, _: read_transcripts(path))),
        Format("subtitles", _each(read_subtitles)),
        Format("vcon", _each(read_vcon)),
        Format("whisper", _each(read_whisper)),
        Format("amazon", _each(read_amazon)),
        Format("chat-csv", _each(read_chats)),
        Format("mail", read_mail),
        Format("social", _each(read_posts)),
    )
}
"""By the names that `--format` takes. Mail is read from all files together, because threads span them."""


def recognise(path: Path) -> Format | None:
    """The format of a file by its suffix and content; None when neither says. Raises InputError, OSError."""
    suffix = path.suffix.lower()
    if suffix in (".vtt", ".srt"):
        return FORMATS["subtitles"]
    if suffix in (".eml", ".mbox"):
        return FORMATS["mail"]
    if suffix in (".csv", ".tsv"):
        return FORMATS["chat-csv"] if looks_like_chats(path) else None
    if suffix in (".jsonl", ".ndjson"):
        return _of_lines(path)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if suffix in (".json", ".vcon") or head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return _of_document(path)
    if looks_like_subtitles(head):
        return FORMATS["subtitles"]
    return FORMATS["mail"] if looks_like_mail(head) else None


def _of_lines(path: Path) -> Format | None:
    with path.open("rb") as file:
        for raw in islice(iter(lambda: file.readline(1 << 20), b""), _LINES):
            try:
                data = parse_json(raw)
            except BadItem:
                continue
            if isinstance(data, dict) and "turns" in data:
                return FORMATS["jsonl"]
            if looks_like_posts(data):
                return FORMATS["social"]
    return None


def _of_document(path: Path) -> Format | None:
    try:
        data = load_json(path)
    except BadItem:
        return _of_lines(path)
    for name, fits in (("vcon", looks_like_vcon), ("amazon", looks_like_amazon), ("whisper", looks_like_whisper)):
        if fits(data):
            return FORMATS[name]
    return FORMATS["jsonl"] if isinstance(data, dict) and "turns" in data else None
