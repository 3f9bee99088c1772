"""What is suggested: a colleague's question before a rewrite before the bank, each with its source."""

from dataclasses import replace
from typing import Any

import pytest
from colleagues import SharedWords, pool_of
from talks import talk

from coach import rewrite
from coach.prompting import Provenance
from coach.questions import QuestionClassifier
from coach.store import ExemplarPool
from coach.suggest import suggest
from coach.suggest.bank import read_kinds
from coach.types import Call, Metadata, Suggestion

SAID = "the broadband drops every evening at eight"
CALL = replace(
    talk(f"C {SAID}", "A Is it bad for you? <closed impact>", "C Yes.").call(),
    id="here",
    metadata=Metadata(agent="Ann"),
)
POOL = pool_of(("there", "Bo", "impact", SAID, "How does that affect your evenings?"))
UNASKED: Any = None
"""Neither a classifier nor an LLM is asked where a colleague's question or the bank's serves."""


def suggested(*calls: Call, pool: ExemplarPool = POOL, llm: Any = None) -> list[list[Suggestion]]:
    found = suggest(calls, pool, SharedWords(), UNASKED, llm)
    for of_call in found:
        for suggestion, exemplar in of_call:
            assert (suggestion.kind == "colleague") == (exemplar is not None)
    return [[suggestion for suggestion, _ in of_call] for of_call in found]


def test_nothing_is_suggested_for_no_calls() -> None:
    assert suggested() == []


def test_a_colleague_s_own_question_comes_first_with_where_to_hear_it() -> None:
    ((one,),) = suggested(CALL)
    assert (one.turn, one.start_char, one.reason, one.function) == (1, 0, "closed", "impact")
    assert (one.kind, one.text) == ("colleague", "How does that affect your evenings?")
    assert one.source == "Bo in call there"
    assert (one.source_call, one.source_turn, one.source_time_s) == ("there", 3, 12.5)
    assert one.similarity == pytest.approx(1)


def test_the_bank_serves_where_no_colleague_s_question_fits() -> None:
    ((one,),) = suggested(CALL, pool=pool_of())
    assert (one.kind, one.source, one.source_call, one.similarity) == ("bank", "written exemplar", None, None)
    assert one.text in {text for kind in read_kinds() for text in kind.questions.get("impact", ())}


def test_the_bank_s_questions_for_a_cue_are_those_of_its_kind() -> None:
    leaving = talk("C I have had it with you. <leaving>", "A I will note that down.", "C Do.").call()
    ((one,),) = suggested(leaving)
    kinds = {kind.name: kind for kind in read_kinds()}
    assert one.text in kinds["leaving"].questions["need"]


def test_a_rewrite_stands_between_colleague_and_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[rewrite.Closed] = []

    def written(items: list[rewrite.Closed], llm: object, classifier: object) -> list[rewrite.Rewrite | None]:
        asked.extend(items)
        return [rewrite.Rewrite("How bad is it for you?", Provenance("rewrite-question", 1, "ab" * 32, "small"))]

    monkeypatch.setattr(rewrite, "rewrite", written)
    ((one,),) = suggested(CALL, pool=pool_of(), llm=object())
    assert (one.kind, one.text) == ("rewrite", "How bad is it for you?")
    assert one.source == "rewrite by small, prompt rewrite-question 1 (abababababab)"
    assert asked == [rewrite.Closed("here", SAID, "Is it bad for you?", "impact")]
    assert suggested(CALL, llm=object())[0][0].kind == "colleague"
    assert len(asked) == 1


def test_no_question_is_suggested_twice_in_a_call_nor_one_that_was_asked_in_it() -> None:
    lines = []
    for _ in range(3):
        lines += [f"C {SAID} <impact_stated>", "A I will put that into the file now.", "A It is in the file."]
    call = replace(talk(*lines).call(), id="here")
    texts = [one.text for one in suggested(call)[0]]
    assert len(texts) == len(set(texts)) == 3
    asked = talk(
        f"C {SAID}", "A Is it bad? <closed impact>", "C Yes.", "A How does that affect your evenings? <open need>"
    )
    assert "How does that affect your evenings?" not in [one.text for one in suggested(asked.call())[0]]


def test_calls_keep_their_order() -> None:
    silent = replace(CALL, turns=(), questions=(), id="silent")
    assert [len(of_call) for of_call in suggested(silent, CALL, silent)] == [0, 1, 0]


def test_every_question_of_the_bank_is_open_and_does_what_it_is_for() -> None:
    """Said after the kind's own words, as it would be."""
    usual = {"opener": "", "learning": "no that is all thank you"}
    bank = [
        (name, kind.said[0] if kind.said else usual.get(name, "it has been like this since Monday"), text)
        for kind in read_kinds()
        for name, texts in kind.questions.items()
        for text in texts
    ]
    assert len(bank) >= 60
    assert len({text for _, _, text in bank}) == len(bank)
    labels = QuestionClassifier.load().classify([(said, text) for _, said, text in bank])
    wrong = [
        (text, label)
        for (name, _, text), label in zip(bank, labels, strict=True)
        if label.form != "open" or label.function != name or label.unsure
    ]
    assert not wrong
