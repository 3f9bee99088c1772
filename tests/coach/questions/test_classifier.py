import json
from collections.abc import Sequence

import numpy as np
import pytest

from coach.errors import InputError
from coach.questions import Label, QuestionClassifier, ask_of, classify_lines
from coach.questions.classifier import probabilities
from coach.questions.weights import Card
from coach.types import FORMS, FUNCTIONS, Turn

PLAIN_CASES = [
    ("", "How can I help you today?", "open", "opener"),
    ("I run a small shop and the card reader is down.", "What does that do to your business?", "open", "impact"),
    ("I couldn't log in all week.", "Have you missed any work because of it?", "closed", "impact"),
    ("They sent the wrong one.", "What would you like to happen now?", "open", "need"),
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


def test_the_last_thing_asked_counts(classifier: QuestionClassifier) -> None:
    text = "I see, thank you for telling me that. Is it the old router? And what does it do to your evenings at home?"
    (label,) = classifier.classify([("It drops every evening.", text)])
    assert (label.form, label.function) == ("open", "impact")


def test_a_label_does_not_depend_on_what_it_is_asked_with(classifier: QuestionClassifier) -> None:
    items = [(prev, text) for prev, text, _, _ in PLAIN_CASES]
    together = classifier.classify([*items, ("word " * 100, "and then " * 200)])
    for item, label in zip(items, together, strict=False):
        (alone,) = classifier.classify([item])
        assert (alone.form, alone.function) == (label.form, label.function)
        assert alone.form_score == pytest.approx(label.form_score, abs=0.03)  # 16-bit products differ with the batch


def test_form_and_function_are_none_together() -> None:
    card = Card("", ("open", "closed", "none"), ("opener", "impact", "none"), 1.0, 2.0, 0.0, 0.0, 0.0)
    forms, functions = probabilities(card, np.array([[0.0, 1.0, 2.0]]), np.array([[3.0, 0.0, 1.0]]))
    assert forms.sum() == pytest.approx(1.0)
    assert functions.sum() == pytest.approx(1.0)
    assert forms[0, -1] == pytest.approx(functions[0, -1])


class Answers:
    """A network that gives the same logits to every question."""

    fingerprint = "answers"

    def __init__(self, form: Sequence[float], function: Sequence[float]) -> None:
        self.card = Card("", FORMS, FUNCTIONS, 1.0, 1.0, 0.7, 0.55, 0.9)
        self._logits = np.array([form], dtype=np.float32), np.array([function], dtype=np.float32)

    def logits(self, items: Sequence[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
        return self._logits


@pytest.mark.parametrize(
    ("form", "function", "unsure"),
    [
        ([9, 0, 0], [0, 9, 0, 0, 0, 0, 0, 0, 0], False),
        ([1, 0.9, 0], [0, 9, 0, 0, 0, 0, 0, 0, 0], True),
        ([9, 0, 0], [0, 1, 1, 0, 0, 0, 0, 0, 0], True),
        ([0, 0, 9], [0, 0, 0, 0, 0, 0, 0, 0, 9], False),
    ],
)
def test_a_label_that_is_hardly_likelier_than_another_is_unsure(
    form: list[float], function: list[float], unsure: bool
) -> None:
    (label,) = QuestionClassifier(Answers(form, function)).classify([("", "?")])
    assert label.unsure is unsure


class Counting:
    """The classifier, and how often it was asked."""

    def __init__(self, classifier: QuestionClassifier) -> None:
        self.calls = 0
        self.min_asked_unmarked = classifier.min_asked_unmarked
        self._classifier = classifier

    def classify(self, items: Sequence[tuple[str, str]]) -> list[Label]:
        self.calls += 1
        return self._classifier.classify(items)


def test_questions_of_several_calls_are_asked_in_one_batch(classifier: QuestionClassifier) -> None:
    counting = Counting(classifier)
    first = [Turn("agent", "Okay? Hold the line please. What's your account number?", 0.0, 4.0)]
    second = [Turn("customer", "I lost my job."), Turn("agent", "how is that affecting your family")]
    one, none, two = ask_of([first, [], second], counting)
    assert counting.calls == 1
    assert none == ()
    assert [question.text for question in one] == ["What's your account number?"]
    assert first[0].text[one[0].start_char : one[0].end_char] == one[0].text
    assert [question.function for question in two] == ["impact"]


def test_a_statement_is_no_question_and_words_without_a_mark_may_be_one(classifier: QuestionClassifier) -> None:
    turns = [
        Turn("customer", "My card was swallowed by the machine."),
        Turn("agent", "I have blocked the card for you. And your date of birth please."),
    ]
    [asked] = ask_of([turns], classifier)
    assert [(question.text, question.function) for question in asked] == [("your date of birth please.", "procedural")]


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
