import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coach.errors import InputError, ModelError
from coach.questions import QuestionClassifier, ask_of, classify_lines
from coach.questions.head import load_head, save_head
from coach.retrieval.embeddings import Embedder
from coach.types import FORMS, FUNCTIONS, Turn

PLAIN_CASES = [
    ("", "How can I help you today?", "open", "opener"),
    ("I run a small shop and the card reader is down.", "What does that do to your business?", "open", "impact"),
    ("I couldn't log in all week.", "Have you missed any work because of it?", "closed", "impact"),
    ("They sent the wrong one.", "What would you like us to do about it?", "open", "need"),
    ("It cuts out.", "When did it start?", "closed", "diagnostic"),
    ("It cuts out.", "Can you tell me a bit more about that?", "open", "diagnostic"),
    ("Yes.", "What's your postcode please?", "closed", "procedural"),
    ("Thanks for that.", "Is there anything else I can help you with?", "closed", "closing"),
    ("It was fine in the end.", "What should we do better next time?", "open", "learning"),
    ("Okay.", "Can you bear with me for a moment please?", "none", "none"),
    ("Okay.", "Right?", "none", "none"),
]


@pytest.mark.parametrize(("prev", "text", "form", "function"), PLAIN_CASES)
@pytest.mark.parametrize("bare", [False, True])
def test_plain_cases(
    classifier: QuestionClassifier, prev: str, text: str, form: str, function: str, bare: bool
) -> None:
    if bare:
        prev, text = (part.lower().replace("?", "").replace(".", "") for part in (prev, text))
    (label,) = classifier.classify([(prev, text)])
    assert (label.form, label.function) == (form, function)


def test_labels_are_consistent_and_in_order(classifier: QuestionClassifier) -> None:
    items = [(prev, text) for prev, text, _, _ in PLAIN_CASES] + [("", "x"), ("", "😀"), ("…", "ok " * 400)]
    labels = classifier.classify(items)
    for label in labels:
        assert (label.form == "none") == (label.function == "none")
        assert label.form in FORMS
        assert label.function in FUNCTIONS
        assert 0 <= label.function_score <= 1
        assert 1 / 3 <= label.form_score <= 1
    again = classifier.classify(items[::-1])[::-1]
    assert [(label.form, label.function) for label in again] == [(label.form, label.function) for label in labels]
    assert classifier.classify([]) == []


def test_what_reads_like_nothing_known_is_unsure(classifier: QuestionClassifier) -> None:
    (label,) = classifier.classify([("", "zebra lampshade quantum")])
    assert label.unsure


def test_questions_of_several_calls_are_asked_in_one_batch(encoder: Embedder) -> None:
    class Counting:
        name, dimension, calls = encoder.name, encoder.dimension, 0

        def embed(self, texts: Sequence[str]) -> np.ndarray:
            Counting.calls += 1
            return encoder.embed(texts)

    first = [Turn("agent", "Okay? Hold the line please. What's your account number?", 0.0, 4.0)]
    second = [Turn("customer", "I lost my job."), Turn("agent", "how is that affecting your family")]
    one, none, two = ask_of([first, [], second], QuestionClassifier.load(Counting()))
    assert Counting.calls == 1
    assert none == ()
    assert [question.text for question in one] == ["What's your account number?"]
    assert first[0].text[one[0].start_char : one[0].end_char] == one[0].text
    assert [question.function for question in two] == ["impact"]


def test_lines_are_answered_in_order_over_batches(classifier: QuestionClassifier) -> None:
    lines = [json.dumps({"id": i, "text": "When did it start?" if i % 2 else "Right?"}) for i in range(300)]
    records = list(classify_lines([*lines[:10], "\n", *lines[10:]], classifier))
    assert [record["id"] for record in records] == list(range(300))
    assert list(records[0]) == ["id", "form", "function", "form_score", "function_score", "unsure"]
    assert [record["form"] for record in records[:2]] == ["none", "closed"]


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[1]",
        '{"id": "a"}',
        '{"id": "a", "text": ""}',
        '{"id": "a", "text": 5}',
        '{"text": "What?"}',
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_named_after_the_good_ones_are_answered(classifier: QuestionClassifier, bad: str) -> None:
    records = classify_lines(['{"id": "good", "prev": "", "text": "When?"}', bad], classifier)
    assert next(records)["id"] == "good"
    with pytest.raises(InputError, match="line 2"):
        next(records)


def test_a_head_of_another_encoder_or_code_is_refused(encoder: Embedder) -> None:
    head = load_head()
    with pytest.raises(ModelError, match="trained on"):
        QuestionClassifier(encoder, replace(head, card=replace(head.card, encoder="other")))
    with pytest.raises(ModelError, match="another version"):
        QuestionClassifier(encoder, replace(head, card=replace(head.card, facts_sha256="")))


def test_missing_and_damaged_weights_are_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        load_head(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="cannot be read"):
        load_head(tmp_path / "bad.safetensors")


def test_a_saved_head_answers_the_same(tmp_path: Path) -> None:
    head = load_head()
    save_head(head, tmp_path / "head.safetensors")
    again = load_head(tmp_path / "head.safetensors")
    assert again.card == head.card
    rows = head.support[:3]
    np.testing.assert_array_equal(again.probabilities(rows)[0], head.probabilities(rows)[0])
