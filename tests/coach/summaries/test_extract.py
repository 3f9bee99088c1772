"""Summaries in the call's own words."""

import pytest

from coach.summaries import summarise
from coach.types import Call, Cue, Metadata, Question, SummarySentence, Turn

TURNS = (
    Turn("agent", "Good morning, this is Ada. What brings you to us today?", 0.0, 4.0),
    Turn("customer", "Hi. My name is Jo Lee. The engineer never came on Monday, and the line is dead.", 4.0, 9.0),
    Turn("agent", "Can I take your postcode?", 9.0, 11.0),
    Turn("customer", "LK four, two B N.", 11.0, 13.0),
    Turn("agent", "What does that do to your day?", 13.0, 15.0),
    Turn("customer", "Well. I teach from home and lost three lessons.", 15.0, 19.0),
    Turn("agent", "I've put twelve pounds credit on your account. An engineer will come on Thursday.", 19.0, 26.0),
    Turn("customer", "Thank you, that would be good.", 26.0, 28.0),
    Turn("agent", "You're welcome. Have a nice day.", 28.0, 30.0),
)  # fmt: skip


def asked(turn: int, function: str) -> Question:
    text = TURNS[turn].text
    return Question(turn, 0, len(text), TURNS[turn].start, text, "open", function, 0.9, 0.9, False)  # type: ignore[arg-type]


def cue(tracker: str, turns: tuple[Turn, ...], turn: int, text: str, score: float = 0.9) -> Cue:
    start = turns[turn].text.index(text)
    return Cue(tracker, turn, start, start + len(text), turns[turn].start, text, score)


QUESTIONS = (asked(0, "opener"), asked(2, "procedural"), asked(4, "impact"))


def summary(
    turns: tuple[Turn, ...], questions: tuple[Question, ...] = (), cues: tuple[Cue, ...] = ()
) -> tuple[SummarySentence, ...]:
    call = Call("c", Metadata(), turns, None, "c.wav", None, questions=questions, cues=cues)
    (found,) = summarise([call])
    assert all(one.source == "" and one.text in turns[one.turns[0]].text for one in found)
    return found


def parts(found: tuple[SummarySentence, ...]) -> dict[str, list[tuple[int, str]]]:
    said: dict[str, list[tuple[int, str]]] = {}
    for one in found:
        said.setdefault(one.part, []).append((one.turns[0], one.text))
    return said


def test_every_part_is_told_in_the_words_of_the_call() -> None:
    found = summary(TURNS, QUESTIONS, (cue("impact_stated", TURNS, 5, "I teach from home and lost three lessons."),))
    assert parts(found) == {
        "reason": [(1, "The engineer never came on Monday, and the line is dead.")],
        "impact": [(5, "I teach from home and lost three lessons.")],
        "done": [(6, "I've put twelve pounds credit on your account.")],
        "next_step": [(6, "An engineer will come on Thursday.")],
        "open_promise": [(6, "An engineer will come on Thursday.")],
    }


def test_a_doubtful_cue_proves_nothing() -> None:
    turns = (Turn("agent", "Hello."), Turn("customer", "The tablet is white."), Turn("agent", "I see, that is nice."))
    doubtful = cue("impact_stated", turns, 1, "The tablet is white.", 0.59)
    assert "impact" not in parts(summary(turns, cues=(doubtful,)))
    assert "impact" in parts(summary(turns, cues=(cue("impact_stated", turns, 1, "The tablet is white.", 0.6),)))


def test_a_promise_that_the_call_keeps_is_not_open() -> None:
    promise = Turn("agent", "I'll send you the confirmation code by text today.")
    before = (Turn("customer", "My account is locked and I cannot pay the invoice."), promise)
    assert "open_promise" in parts(summary((*before, Turn("customer", "Lovely, thank you."))))
    kept = (*before, Turn("agent", "The code is sent."), Turn("customer", "Lovely, thank you."))
    assert "open_promise" not in parts(summary(kept))


def test_what_happens_in_the_call_itself_is_no_promise() -> None:
    turns = (Turn("customer", "My bill is far too high again."), Turn("agent", "Let me just get that up, one moment."))
    assert set(parts(summary(turns))) == {"reason"}


def test_mail_is_told_by_the_sentences_that_matter() -> None:
    mail = (
        Turn(
            "customer",
            "Dear Sir or Madam, I hope that you are well.\n\nI moved house in May and you still send bills to my old"
            " address.\n\nKind regards\nJo Lee",
        ),
        Turn(
            "agent", "Dear Ms Lee,\n\nI have changed the address. You will get a corrected bill by Friday.\n\nBest\nAda"
        ),
    )
    assert parts(summary(mail)) == {
        "reason": [(0, "I moved house in May and you still send bills to my old address.")],
        "done": [(1, "I have changed the address.")],
        "next_step": [(1, "You will get a corrected bill by Friday.")],
        "open_promise": [(1, "You will get a corrected bill by Friday.")],
    }


def test_without_roles_a_plain_reason_is_still_told() -> None:
    turns = (
        Turn("unknown", "Hello, good day."),
        Turn("unknown", "I'm calling because my last bill was charged twice."),
    )
    assert parts(summary(turns)) == {"reason": [(1, "I'm calling because my last bill was charged twice.")]}


@pytest.mark.parametrize("turns", [(), (Turn("agent", " "), Turn("customer", "")), (Turn("customer", "Hello?"),)])
def test_where_nothing_is_said_nothing_is_told(turns: tuple[Turn, ...]) -> None:
    assert summary(turns) == ()


def test_no_part_has_more_than_two_sentences() -> None:
    turns = (Turn("customer", " ".join(f"My bill number {n} is wrong and I was charged twice." for n in range(9))),)
    assert len(parts(summary(turns))["reason"]) == 2


def test_the_same_words_are_told_once() -> None:
    turns = (Turn("customer", "My bill is wrong and I was charged twice for it. " * 9),)
    assert len(parts(summary(turns))["reason"]) == 1
