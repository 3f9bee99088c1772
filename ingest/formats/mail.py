"""E-mail, .eml and .mbox: a contact a thread, each message without what it quotes of earlier ones.

Threads are found by Message-ID, In-Reply-To and References (RFC 5322, 3.6.4), never by subject: two customers may write
"My bill". Parsed by the standard library. Quotes are found here: mail-parser-reply takes minutes over 60 KB of hostile
text (its expressions backtrack), email-reply-parser is unkept since 2020, and quotequail leaves the attribution line.
"""

import email
import email.policy
import hashlib
import mailbox
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr, parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from coach.types import Call, Turn
from ingest.fields import shown_text
from ingest.formats.contacts import BadItem, Problem, Sides, as_instant, assemble, label, read_bytes
from ingest.formats.html import text_of

MAX_MESSAGE = 64 << 20
"""Bytes."""
_ID = re.compile(r"<([^<>\s]{1,500})>")
_SAID = r"(?:wrote|writes|schrieb|schreef|a écrit|escribió|ha scritto|escreveu|skrev|kirjoitti|napisał(?:\(a\))?)"
_ATTRIBUTION = re.compile(
    rf"\s*(?:On|Am|Le|El|Il|Op|Em|Den|W dniu|Dne)\b.{{3,300}}\b{_SAID}\b.{{0,120}}:\s*$"
    rf"|\s*\S.{{0,200}}<[^<>\s]+@[^<>\s]+>.{{0,80}}\b{_SAID}\s*:\s*$",
    re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"\s*(?:[-_*]{2,}\s*(?:Original Message|Original Appointment|Forwarded message|Ursprüngliche Nachricht"
    r"|Message d'origine|Mensaje original|Messaggio originale|Oorspronkelijk bericht|Weitergeleitete Nachricht)"
    r"\s*[-_*]{2,}"
    r"|_{10,})\s*$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\s*\*?(From|Sent|To|Subject|Date|Cc|Von|Gesendet|An|Betreff|De|Envoyé|À|Objet)\s*:\*?\s+\S", re.IGNORECASE
)
_FORWARDED = re.compile(r"forward|weitergeleitet", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Message:
    path: Path
    id: str
    parents: tuple[str, ...]
    """Message-IDs it answers, the oldest first."""
    at: datetime | None
    name: str | None
    address: str
    to: tuple[tuple[str, str], ...]
    """(name, address) of the recipients."""
    subject: str | None
    text: str


def read_mail(paths: Sequence[Path], sides: Sides) -> Iterator[Call | Problem]:
    """A contact for each thread of all the files together, oldest thread first; a message found twice counts once.

    The id is made of the Message-ID of the thread's first message, known from any reply, so it stays the same while
    the thread grows; the customer is known by the address. Raises InputError when a file cannot be read.
    """
    messages: dict[str, _Message] = {}
    for path in paths:
        for item in _messages(path):
            if isinstance(item, Problem):
                yield item
            else:
                messages.setdefault(item.id, item)
    for root, thread in _threads(list(messages.values())):
        try:
            yield _contact(root, thread, sides)
        except BadItem as error:
            yield Problem(None, "bad_transcript", f"{shown_text(thread[0].path.name)}: {error}.")


def _contact(root: str, thread: Sequence[_Message], sides: Sides) -> Call:
    turns = [
        Turn(
            sides.of_address(one.address, one.name), one.text, speaker=label(one.name) or label(one.address), at=one.at
        )
        for one in thread
    ]
    people = [(one.name, one.address) for one in thread] + [who for one in thread for who in one.to]
    customers = {label(address.lower()) for name, address in people if sides.of_address(address, name) == "customer"}
    agents = {label(name) or label(address) for name, address in people if sides.of_address(address, name) == "agent"}
    known: dict[str, Any] = {"customer": customers.pop() if len(customers) == 1 else None}
    if not any(turn.role == "agent" for turn in turns):
        known["agent"] = agents.pop() if len(agents) == 1 else None
    subject = next((label(one.subject) for one in thread if one.subject), None)
    digest = hashlib.sha256(root.encode("utf-8", "replace")).hexdigest()[:16]
    extra = {"subject": subject} if subject else {}
    return assemble(f"mail-{digest}", "email", turns, thread[0].path, extra=extra, **known)


def _threads(messages: Sequence[_Message]) -> Iterator[tuple[str, list[_Message]]]:
    """(first Message-ID, messages in order of time) of each thread."""
    above: dict[str, str] = {}

    def top(one: str) -> str:
        while above.get(one, one) != one:
            above[one] = above.get(above[one], above[one])
            one = above[one]
        return one

    for message in messages:
        chain = [*message.parents, message.id]
        for older, newer in pairwise(chain):
            first, second = top(older), top(newer)
            if first != second:
                above[second] = first
    threads: dict[str, list[_Message]] = {}
    for message in messages:
        threads.setdefault(top(message.id), []).append(message)
    for root, thread in threads.items():
        if all(one.at is not None for one in thread):
            thread.sort(key=lambda one: (one.at or datetime.min, one.id))
        yield root, thread


def _messages(path: Path) -> Iterator[_Message | Problem]:
    name = shown_text(path.name)
    if path.suffix.lower() != ".mbox":
        yield from _parsed(read_bytes(path), path, name)
        return
    box = mailbox.mbox(path, create=False)
    try:
        for i, key in enumerate(box.keys(), start=1):
            yield from _parsed(box.get_bytes(key), path, f"{name} message {i}")
    finally:
        box.close()


def _parsed(raw: bytes, path: Path, place: str) -> Iterator[_Message | Problem]:
    try:
        yield _message(raw, path)
    except BadItem as error:
        yield Problem(None, "bad_transcript", f"{place}: {error}.")
    except (LookupError, ValueError, AttributeError, TypeError, IndexError, RecursionError) as error:
        # What the standard library's header parsers raise for broken headers is not documented.
        yield Problem(None, "bad_transcript", f"{place}: it cannot be parsed ({type(error).__name__}).")


def _message(raw: bytes, path: Path) -> _Message:
    if len(raw) > MAX_MESSAGE:
        raise BadItem(f"it is larger than {MAX_MESSAGE >> 20} MB; leave its attachments out")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    name, address = parseaddr(str(message.get("From", "")))
    if "@" not in address:
        raise BadItem("it has no From with an address; expected an e-mail message")
    ids = _ID.findall(str(message.get("Message-ID", "")))
    parents = _ID.findall(str(message.get("References", ""))) or _ID.findall(str(message.get("In-Reply-To", "")))
    recipients = getaddresses([str(value) for header in ("To", "Cc") for value in message.get_all(header, [])])
    return _Message(
        path=path,
        id=ids[0] if ids else hashlib.sha256(raw).hexdigest(),
        parents=tuple(one for one in dict.fromkeys(parents) if not ids or one != ids[0]),
        at=_date(message),
        name=name or None,
        address=address,
        to=tuple((who, where) for who, where in recipients if "@" in where),
        subject=str(message.get("Subject", "")) or None,
        text=_text(message),
    )


def _date(message: EmailMessage) -> datetime | None:
    try:
        return as_instant(parsedate_to_datetime(str(message.get("Date", ""))))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _text(message: EmailMessage) -> str:
    """The words its author wrote: of the plain part, else of the HTML one."""
    for kind in ("plain", "html"):
        part = message.get_body(preferencelist=(kind,))
        if part is None:
            continue
        payload = part.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else b""
        try:
            text = raw.decode(part.get_content_charset() or "utf-8", "replace")
        except LookupError:
            text = raw.decode("utf-8", "replace")
        if text.strip():
            return own_words(text_of(text, without_quotes=True) if kind == "html" else text)
    return ""


def own_words(text: str) -> str:
    """A message without quoted lines, the line that introduces them, what follows a divider, and the signature.

    What is forwarded stays: it is no repeat. Answers between quoted lines stay. The signature is what follows "-- ".
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept: list[str] = []
    for at, line in enumerate(lines):
        if line.rstrip("\n") in ("-- ", "--") or (_DIVIDER.match(line) and not _FORWARDED.search(line)):
            break
        if _is_header_block(lines, at) and not any(_FORWARDED.search(before) for before in lines[max(0, at - 2) : at]):
            break
        if line.lstrip().startswith(">"):
            continue
        kept.append(line)
        _drop_attribution(kept, lines, at)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _drop_attribution(kept: list[str], lines: Sequence[str], at: int) -> None:
    """Takes "On ... wrote:", also folded over two or three lines, off the end where a quote or nothing follows."""
    following = next((line for line in lines[at + 1 : at + 4] if line.strip()), ">")
    if not kept[-1].rstrip().endswith(":") or not following.lstrip().startswith(">"):
        return
    for n in (1, 2, 3):
        if len(kept) >= n and all(len(line) < 300 for line in kept[-n:]) and _ATTRIBUTION.match(" ".join(kept[-n:])):
            del kept[-n:]
            return


def _is_header_block(lines: Sequence[str], at: int) -> bool:
    """Whether a quoted message's headers begin here, as Outlook writes them: three such lines together, From first."""
    names = [match[1].lower() for line in lines[at : at + 5] if (match := _HEADER.match(line))]
    return len(names) >= 3 and bool(_HEADER.match(lines[at])) and names[0] in ("from", "von", "de")


def looks_like_mail(head: bytes) -> bool:
    """Whether a file begins with mail headers, or as an mbox."""
    if head.startswith(b"From "):
        head = head.partition(b"\n")[2]
    first = head.partition(b"\n\n")[0].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return re.match(rb"[A-Za-z][A-Za-z0-9-]*:", head) is not None and re.search(rb"(?mi)^From:", first) is not None
