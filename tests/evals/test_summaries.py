"""How the evaluation of summaries counts."""

from coach.types import SUMMARY_PARTS, Call, Metadata, Turn
from evals.summaries import Contact, figures, in_part, lead, longest, read_contacts

TURNS = (
    Turn("agent", "Hello."),
    Turn("customer", "Hi."),
    Turn("customer", "My bill is wrong."),
    Turn("agent", "A new bill comes on Friday."),
    Turn("agent", "Bye."),
)


def test_the_notes_point_into_their_contacts() -> None:
    contacts = read_contacts()
    assert len(contacts) == 60
    assert all(0 <= turn < len(one.call.turns) for one in contacts for turns in one.noted.values() for turn in turns)
    assert {in_part(one.call.id, "dev") for one in contacts} == {True, False}


def test_summaries_that_look_at_nothing() -> None:
    assert lead(TURNS) == {part: {1} if part in ("reason", "impact") else {4} for part in SUMMARY_PARTS}
    assert longest(TURNS) == {part: {2} if part in ("reason", "impact") else {3} for part in SUMMARY_PARTS}
    assert longest(TURNS[:1]) == {part: set() for part in SUMMARY_PARTS}


def test_precision_and_recall_are_of_turns_over_all_contacts() -> None:
    nothing = {part: set[int]() for part in SUMMARY_PARTS}
    call = Call("c1", Metadata(), TURNS, None, "made up", None)
    contacts = [Contact(call, {**nothing, "reason": {1, 2}}), Contact(call, {**nothing, "reason": {2}})]
    told = figures(contacts, [{**nothing, "reason": {2, 3}}, nothing], "reason")
    assert told.startswith("precision 0.500 [")
    assert "of   2   recall 0.333 [" in told
    assert "precision 0.000" in figures(contacts, [nothing, nothing], "done")
