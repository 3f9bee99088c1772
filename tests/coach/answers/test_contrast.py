"""What a count is shown by, what speaks against it, and what recurs: on calls whose cues and questions are given."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coach.answers import Citation
from coach.answers.contrast import against_count
from coach.answers.counted import quote_counted
from coach.answers.themes import is_open, themes
from coach.config import StoreConfig
from coach.counts import count
from coach.store import Store, open_store
from coach.store.query import CountQuery
from coach.types import Call, Cue, Metadata, Question, Turn


class ByWords:
    """Texts are alike as far as they share words."""

    name, dimension = "by words", 64

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[sum(word.encode()) % self.dimension] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)


def call(name: str, reply: str, *cues: str, asks: bool = False, **metadata: bool) -> Call:
    question = "What does that do to your day?"
    turns = (Turn("agent", question, 0.0, 2.0), Turn("customer", reply, 2.5, 9.0))
    asked = Question(0, 0, len(question), 0.0, question, "open", "impact", 0.9, 0.9, False)
    return Call(
        name,
        Metadata(**metadata),  # type: ignore[arg-type]
        turns,
        None,
        "made up",
        9.0,
        questions=(asked,) if asks else (),
        cues=tuple(Cue(cue, 1, 0, len(reply), 2.5, reply, 0.9) for cue in cues),
        scored_by="a test",
    )


CALLS = (
    call("leaves", "I am leaving, nobody rang me back.", "leaving", "cause_promise_broken", churned=True),
    call("goes", "I cancel, you promised to ring.", "leaving", "cause_promise_broken", asks=True),
    call("stays", "You did not ring as promised, but fine.", "cause_promise_broken", churned=False, resolved=True),
    call("hurt", "I could not open my shop all morning.", "impact_stated"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("contrast"), StoreConfig()) as opened:
        for one in CALLS:
            opened.save_call(one)
        yield opened


def test_a_cue_is_quoted_once_a_contact(store: Store) -> None:
    counted = count(store, CountQuery("cue", "leaving"))
    quotes = quote_counted(store, ByWords(), counted, None, ("leaving",), most=6)
    assert {quote.call for quote in quotes} == {"leaves", "goes"}
    assert [len(quote_counted(store, ByWords(), counted, None, ("leaving",), most=n)) for n in (0, 1)] == [0, 1]


def test_what_is_sure_is_quoted_before_what_is_only_near(tmp_path: Path) -> None:
    sure = call("sure", "Not one of you rang me.", "cause_promise_broken")
    near = call("near", "A promise is a promise.", "cause_promise_broken")
    unsure = replace(near, cues=tuple(replace(cue, score=0.76) for cue in near.cues))
    with open_store(tmp_path, StoreConfig()) as store:
        for one in (sure, unsure):
            store.save_call(one)
        counted = count(store, CountQuery("cue", "cause_promise_broken"))
        by_text = {
            text: [quote.call for quote in quote_counted(store, ByWords(), counted, text, (), most=2)]
            for text in (None, "rang nobody", "a promise")
        }
    assert by_text == {None: ["sure", "near"], "rang nobody": ["sure", "near"], "a promise": ["near", "sure"]}


def test_the_question_that_was_asked_is_quoted(store: Store) -> None:
    counted = count(store, CountQuery("asked", "impact"))
    (quote,) = quote_counted(store, ByWords(), counted, "the shop", (), most=6)
    assert (quote.call, quote.role, quote.quote) == ("goes", "agent", "What does that do to your day?")


def test_against_leaving_stands_the_same_complaint_without_it(store: Store) -> None:
    (example,) = against_count(store, CountQuery("cue", "leaving"), ())
    assert example.citation.call == "stays"
    assert example.why == "the same complaint, resolved, and no word of leaving"


def test_against_impact_asked_stands_impact_that_nobody_asked_about(store: Store) -> None:
    (example,) = against_count(store, CountQuery("asked", "impact"), ())
    assert (example.citation.call, example.citation.quote) == ("hurt", "I could not open my shop all morning.")


def test_a_number_has_nothing_against_it(store: Store) -> None:
    assert against_count(store, CountQuery("contacts"), ()) == ()


def quoted(call_id: str, text: str) -> Citation:
    return Citation(call_id, None, None, text, 0, 0, len(text), "customer")


def test_what_three_contacts_say_is_a_theme_named_by_their_words() -> None:
    said = [
        "the missed appointment again",
        "a missed appointment twice",
        "my missed appointment",
        "blue cheese",
        "old tea",
    ]
    quotes = [quoted(str(number), text) for number, text in enumerate(said)]
    (theme,) = themes(ByWords(), quotes, 5, "What annoys customers?")
    assert (theme.name, theme.calls) == ("missed appointment", ("0", "1", "2"))
    assert (theme.figure.n, theme.figure.N) == (3, 5)
    assert theme.citation in theme.quotes


def test_too_little_or_the_question_again_is_no_theme() -> None:
    said = [quoted(str(number), "the missed appointment again") for number in range(5)]
    assert themes(ByWords(), said[:3], 3, "What annoys customers?") == ()
    assert themes(ByWords(), said, 5, "What about the missed appointment again?") == ()


@pytest.mark.parametrize(
    ("question", "expected"),
    [("Why do customers leave?", True), ("themes in June", True), ("Did anyone mention cats?", False), ("", False)],
)
def test_open_questions(question: str, expected: bool) -> None:
    assert is_open(question) is expected
