"""Saving a question, asking it again, and what became of it; one that fails leaves the others be."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from coach.answers import Answer, Citation, Searched
from coach.config import StoreConfig
from coach.counts.figure import Figure
from coach.errors import ConfigError, InputError, StoreError
from coach.intervals import wilson
from coach.routing.plan import Plan
from coach.saved import histories, history_of, rerun, save_question
from coach.store import Filters, SavedQuestion, Store, open_store
from coach.store.query import ANY_TIME
from coach.types import Call, Metadata, Turn


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, StoreConfig()) as opened:
        opened.save_call(Call("a", Metadata(), (Turn("customer", "My bill is wrong."),), None, "a.jsonl", None))
        yield opened


class Asked:
    """Answers with `n` of 100, and notes what it was asked."""

    def __init__(self, n: int = 20, refused: str = "") -> None:
        self.n, self.refused = n, refused
        self.questions: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []

    def __call__(self, question: str, where: Filters, before: Sequence[str], without: Sequence[str]) -> Answer:
        self.questions.append((question, tuple(map(str, where)), tuple(before)))
        if question == self.refused:
            raise ConfigError("That cannot be asked.")
        low, high = wilson(self.n, 100) or (None, None)
        figure = Figure("contacts about the bill", self.n, 100, self.n / 100, "share", low, high)
        cited = Citation("a", None, None, "My bill is wrong.", 0, 0, 17, "customer")
        searched = Searched(100, tuple(where), ANY_TIME, "bill")
        return Answer("answered", "Some.", (figure,), (cited,), self.n, 100, searched, Plan(None, "bill"))


def test_saved_question_is_answered_at_once_with_its_conversation(store: Store) -> None:
    ask = Asked()
    name = save_question(
        store, ask, SavedQuestion("  the   bill ", "and new ones?", ("Who asks about the bill?",), ("team=Quay",))
    )
    assert name == "the bill"
    assert ask.questions == [("and new ones?", ("team=Quay",), ("Who asks about the bill?",))]
    history = history_of(store, "the bill", 10)
    assert history.newest is not None
    assert [one.quote for one in history.newest.citations] == ["My bill is wrong."]
    assert history.changes is None


def test_asked_again_it_tells_what_changed(store: Store) -> None:
    save_question(store, Asked(20), SavedQuestion("bill", "?"))
    done = rerun(store, Asked(60))
    assert (done.asked, done.changed, done.failures) == (1, 1, ())
    (history,) = histories(store)
    assert history.changes is not None
    assert history.changes.words == ("20 % → 60 %, +40 points, beyond chance",)
    assert (rerun(store, Asked(61)).changed, rerun(store, Asked(61)).changed) == (0, 0)
    told = history_of(store, "bill", 10).to_json()
    assert [answer["figures"][0]["n"] for answer in told["answers"]] == [61, 61, 60, 20]


def test_one_that_fails_leaves_the_others_be(store: Store) -> None:
    for name in ("bad", "good"):
        save_question(store, Asked(), SavedQuestion(name, f"{name}?"))
    done = rerun(store, Asked(refused="bad?"))
    assert done.asked == 1
    assert done.failures == ("The saved question 'bad' was not answered: That cannot be asked.",)
    assert [len(one.answers) for one in histories(store)] == [1, 2]


def test_failing_store_ends_it(store: Store) -> None:
    save_question(store, Asked(), SavedQuestion("good", "?"))

    def fail(question: str, where: Filters, before: Sequence[str], without: Sequence[str]) -> Answer:
        raise StoreError("The disk is full.", code="disk_full")

    with pytest.raises(StoreError):
        rerun(store, fail)


def test_only_those_named_are_asked(store: Store) -> None:
    ask = Asked()
    for name in ("one", "two"):
        save_question(store, ask, SavedQuestion(name, name))
    ask.questions.clear()
    assert rerun(store, ask, ["two"]).asked == 1
    assert [asked[0] for asked in ask.questions] == ["two"]
    with pytest.raises(ConfigError, match="'three'; saved are: 'one', 'two'"):
        rerun(store, ask, ["three"])


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_name_has_a_length(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="1 to 80"):
        save_question(store, Asked(), SavedQuestion(name, "?"))
    assert store.saved_questions() == []


def test_what_cannot_be_asked_is_not_saved(store: Store) -> None:
    with pytest.raises(ConfigError, match="medium"):
        save_question(store, Asked(), SavedQuestion("bill", "?", (), ("medium=smoke",)))
    with pytest.raises(ConfigError, match="cannot be asked"):
        save_question(store, Asked(refused="?"), SavedQuestion("bill", "?"))
    assert store.saved_questions() == []


def test_card_number_is_taken_out_of_what_is_kept(store: Store) -> None:
    save_question(store, Asked(), SavedQuestion("card", "Who read 4111 1111 1111 1111 out?", ("4111 1111 1111 1111?",)))
    (saved,) = store.saved_questions()
    assert "4111" not in " ".join((saved.question, *saved.before))
    for where, without in ((("customer=4111111111111111",), ()), ((), ("call=4111 1111 1111 1111",))):
        with pytest.raises(InputError, match="holds a card number"):
            save_question(store, Asked(), SavedQuestion("by card", "?", (), where, without))
    save_question(store, Asked(), SavedQuestion("others", "?", (), ("customer=C-1002", "started_at>=2026-08-01")))
    assert [one.name for one in store.saved_questions()] == ["card", "others"]
