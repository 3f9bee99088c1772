"""Chats, mails and social threads."""

import json
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from coach.types import Call, Turn
from ingest.formats.chat import read_chats
from ingest.formats.contacts import Problem, Sides, sides
from ingest.formats.mail import own_words, read_mail
from ingest.formats.social import read_posts

SHOP = sides(None, ["@shop.example"])


def chats(tmp_path: Path, *lines: str, who: Sides | None = None) -> list[Call | Problem]:
    path = tmp_path / "chats.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(read_chats(path, who or Sides()))


def test_rows_of_a_conversation_become_one_contact_in_order_of_time(tmp_path: Path) -> None:
    first, second = chats(
        tmp_path,
        "Conversation ID,Timestamp,Sender,Sender Type,Message,Product,csat",
        "c1,2026-03-01T10:00:05Z,Eve,customer,It broke,router,4",
        "c2,2026-03-01T10:00:06Z,Bot,system,Hello,,",
        'c1,2026-03-01T10:00:01Z,Ada,agent,"Hi, how can I ""help""?",,',
    )
    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert first.turns == (
        Turn("agent", 'Hi, how can I "help"?', speaker="Ada", at=datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC)),
        Turn("customer", "It broke", speaker="Eve", at=datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)),
    )
    metadata = first.metadata
    assert (metadata.medium, metadata.agent, metadata.customer, metadata.product, metadata.csat) == (
        "chat",
        "Ada",
        "Eve",
        "router",
        4.0,
    )
    assert (second.id, second.turns[0].role) == ("c2", "unknown")


def test_bad_rows_of_a_chat_cost_only_themselves(tmp_path: Path) -> None:
    items = chats(
        tmp_path,
        "chat_id;at;sender;text",
        "c1;noon;Ada;x",
        "c1;2026-01-01;Ada",
        "/;2026-01-01;Ada;x",
        "c1;2026-01-01;Ada;kept",
    )
    assert [item.message.split(";")[0] for item in items if isinstance(item, Problem)] == [
        "chats.csv line 2: at is 'noon'",
        "chats.csv line 3: it has 3 values, the header has 4",
        "chats.csv line 4: chat_id is '/'",
    ]
    (call,) = (item for item in items if isinstance(item, Call))
    assert [turn.text for turn in call.turns] == ["kept"]


def test_chat_header_without_what_is_needed_is_told(tmp_path: Path) -> None:
    (problem,) = chats(tmp_path, "sender,text", "Ada,hi")
    assert isinstance(problem, Problem)
    assert "line 1: the header has no column for the id; expected one of call_id, conversation_id" in problem.message


def mail(
    number: int, sender: str, to: str, text: str, answers: tuple[int, ...] = (), *, html: str | None = None
) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "Re: My bill"
    message["Message-ID"] = f"<{number}@mail.example>"
    message["Date"] = f"Sun, 01 Mar 2026 1{number}:00:00 +0100"
    if answers:
        message["In-Reply-To"] = f"<{answers[-1]}@mail.example>"
        message["References"] = " ".join(f"<{n}@mail.example>" for n in answers)
    message.set_content(text)
    if html is not None:
        message.set_content(html, subtype="html")
    return message.as_bytes()


EVE, ADA = "Eve Ng <eve@home.example>", "Ada Lee <ada@help.shop.example>"
THREAD = [
    mail(1, EVE, ADA, "The bill is wrong.\n\n-- \nEve\n"),
    mail(
        2,
        ADA,
        EVE,
        "How does it affect you?\n\n"
        "On Sun, Mar 1, 2026 at 11:00 Eve Ng\n<eve@home.example> wrote:\n\n> The bill is wrong.\n",
        (1,),
    ),
    mail(
        3,
        EVE,
        ADA,
        "",
        (1, 2),
        html="<div>I could not pay <b>rent</b>.</div><blockquote>How does it affect you?</blockquote>",
    ),
]


def test_thread_over_several_files_is_one_contact_without_quotes(tmp_path: Path) -> None:
    paths = []
    for i, raw in enumerate([THREAD[2], THREAD[0], THREAD[1], THREAD[0], mail(7, EVE, ADA, "Another matter.")]):
        paths.append(tmp_path / f"{i}.eml")
        paths[-1].write_bytes(raw)
    other, thread = sorted(read_mail(paths, SHOP), key=lambda item: len(item.turns) if isinstance(item, Call) else 0)
    assert isinstance(thread, Call)
    assert isinstance(other, Call)
    assert thread.turns == (
        Turn("customer", "The bill is wrong.", speaker="Eve Ng", at=datetime(2026, 3, 1, 10, tzinfo=UTC)),
        Turn("agent", "How does it affect you?", speaker="Ada Lee", at=datetime(2026, 3, 1, 11, tzinfo=UTC)),
        Turn("customer", "I could not pay rent.", speaker="Eve Ng", at=datetime(2026, 3, 1, 12, tzinfo=UTC)),
    )
    metadata = thread.metadata
    assert (metadata.medium, metadata.agent, metadata.customer) == ("email", "Ada Lee", "eve@home.example")
    assert (metadata.started_at, metadata.extra) == (thread.turns[0].at, {"subject": "Re: My bill"})
    assert other.metadata.agent == "Ada Lee"  # to whom it was written


def test_id_of_a_thread_stays_while_it_grows(tmp_path: Path) -> None:
    ids = set()
    for n in (1, 2, 3):
        path = tmp_path / "box.mbox"
        path.write_bytes(b"".join(b"From x Sun Mar  1 10:00:00 2026\n" + raw + b"\n" for raw in THREAD[-n:]))
        (call,) = read_mail([path], SHOP)
        assert isinstance(call, Call)
        assert len(call.turns) == n
        ids.add(call.id)
    assert len(ids) == 1


def test_roles_of_mail_need_a_domain_or_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(THREAD[1])
    roles = {}
    for name, who in {
        "none": Sides(),
        "domain": SHOP,
        "look-alike": sides(None, ["p.example"]),
        "pattern": sides("^ada@", ()),
    }.items():
        (call,) = read_mail([path], who)
        assert isinstance(call, Call)
        roles[name] = call.turns[0].role
    assert roles == {"none": "unknown", "domain": "agent", "look-alike": "customer", "pattern": "agent"}


@pytest.mark.parametrize(
    "raw", [b"", b"no mail at all", b"From: nobody\n\nx", b"From: a@b.example\nDate: never\n\n> only a quote"]
)
def test_what_is_no_message_is_told(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(raw)
    (problem,) = read_mail([path], SHOP)
    assert isinstance(problem, Problem)
    assert problem.message.startswith("a.eml: it ")


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Danke!\n\nAm 05.01.2026 um 09:14 schrieb Ada Lee:\n> Hallo\n", "Danke!"),
        ("Merci.\n\nLe lun. 5 janv. 2026 à 09:14, Ada <a@b.example> a écrit :\n> Bonjour\n", "Merci."),
        ("Broken.\n\nFrom: Ada <a@b.example>\nSent: Monday\nTo: Eve\nSubject: RE: x\n\nDid you try?\n", "Broken."),
        ("Broken.\n\n-----Original Message-----\nFrom: Ada\n\nDid you try?\n", "Broken."),
        ("> Did you try?\nYes, twice.\n> And then?\nIt broke.\n", "Yes, twice.\nIt broke."),
        ("On Sun Ada <a@b.example> wrote:\n> Did you?\n\nYes.\n", "Yes."),
        (
            "On Monday I wrote: nothing works.\nFrom my side all is done.\n",
            "On Monday I wrote: nothing works.\nFrom my side all is done.",
        ),
        (
            "See below.\n---------- Forwarded message ---------\nFrom: Ada\nDate: x\nSubject: y\n\nHello",
            "See below.\n---------- Forwarded message ---------\nFrom: Ada\nDate: x\nSubject: y\n\nHello",
        ),
        ("My list:\n- a\n", "My list:\n- a"),
    ],
)
def test_own_words_of_a_message(text: str, own: str) -> None:
    assert own_words(text) == own


def test_hostile_mail_costs_no_time() -> None:
    """mail-parser-reply 1.36 needs minutes for the first of these."""
    started = time.process_time()
    for piece in ("On ", "On a\n", "On x wrote", "From: x\nSent: y\n", " ", "-", "_", ">", "\n", "<a@", "On a <a@b>\n"):
        own_words(piece * 20_000)
    assert time.process_time() - started < 5


def posts(tmp_path: Path, *lines: dict | str, who: Sides | None = None) -> list[Call | Problem]:
    path = tmp_path / "posts.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return list(read_posts(path, who or Sides()))


def test_posts_are_threaded_by_what_they_answer(tmp_path: Path) -> None:
    items = posts(
        tmp_path,
        {
            "id": "1",
            "account": {"acct": "eve"},
            "created_at": "2026-03-01T10:00:00.000Z",
            "content": "<p>My router &amp; I<br>are down</p>",
        },
        {
            "id": "3",
            "in_reply_to_id": "2",
            "account": {"acct": "eve"},
            "created_at": "2026-03-01T10:09:00Z",
            "content": "Two days.",
        },
        {
            "id": "2",
            "in_reply_to_id": "1",
            "account": {"acct": "shop_help"},
            "created_at": "2026-03-01T10:05:00Z",
            "content": "How long?",
        },
        {"id": "9", "conversation_id": "8", "author_id": "77", "created_at": "2026-03-01T10:00:00Z", "text": "alone"},
        {
            "id": "c1",
            "parent_id": "t3_p",
            "link_id": "t3_p",
            "author": "x",
            "created_utc": 1772359200,
            "body": "reddit",
        },
        "{broken",
        {"id": "5", "text": 7},
        who=sides("^shop_", ()),
    )
    calls = {item.id: item for item in items if isinstance(item, Call)}
    assert sorted(calls) == ["1", "8", "p"]
    assert [(t.role, t.text, t.speaker) for t in calls["1"].turns] == [
        ("customer", "My router & I\nare down", "eve"),
        ("agent", "How long?", "shop_help"),
        ("customer", "Two days.", "eve"),
    ]
    assert calls["1"].metadata.medium == "social"
    assert calls["p"].turns[0].at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert [(p.line, p.message.split(":")[0]) for p in items if isinstance(p, Problem)] == [
        (6, "posts.jsonl line 6"),
        (7, "posts.jsonl line 7"),
    ]
