"""Labels a question by form and function (QUESTIONS.md), with calibrated probabilities and an honest `unsure`."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coach.errors import InputError
from coach.questions.find import FoundQuestion, find_questions
from coach.types import Form, Function, Question, Turn

if TYPE_CHECKING:  # finding questions needs no torch, and pages that show them load none
    from coach.questions.network import QuestionNetwork
    from coach.questions.weights import Card

BATCH_LINES = 256


@dataclass(frozen=True, slots=True)
class Label:
    form: Form
    function: Function
    """none exactly when form is none."""
    form_score: float
    function_score: float
    """Calibrated probabilities in [0, 1] that the label is right."""
    unsure: bool
    asked: float
    """Probability in [0, 1] that anything is asked."""


class QuestionClassifier:
    """The trained network with calibrated probabilities. `load` once, at the edge."""

    def __init__(self, network: "QuestionNetwork") -> None:
        self._network = network
        self.fingerprint = network.fingerprint
        """Of the weights: calls that other weights scored are scored anew by `coach rescore`."""

    @classmethod
    def load(cls, device: str = "cpu", path: Path | None = None) -> Self:
        """The classifier with the weights that come with callcoach, or those in `path`. Raises ModelError."""
        from coach.questions.network import load_network
        from coach.questions.weights import WEIGHTS_FILE

        return cls(load_network(device, path or WEIGHTS_FILE))

    def classify(self, items: Sequence[tuple[str, str]]) -> list[Label]:
        """One label per (customer's last words, question), in order; the first may be empty. Batched by length."""
        if not items:
            return []
        forms, functions = probabilities(self._network.card, *self._network.logits(items))
        return [self._label(form, function) for form, function in zip(forms, functions, strict=True)]

    @property
    def min_asked_unmarked(self) -> float:
        """From which probability of asking a sentence counts that neither mark nor wording shows as a question."""
        return self._network.card.min_asked_unmarked

    def _label(self, forms: np.ndarray, functions: np.ndarray) -> Label:
        card = self._network.card
        form = cast(Form, card.forms[int(forms.argmax())])
        if form == "none":
            function: Function = "none"
        else:
            function = cast(Function, card.functions[int(functions[:-1].argmax())])
        form_score, function_score = float(forms.max()), float(functions[card.functions.index(function)])
        unsure = form_score < card.min_form_score or function_score < card.min_function_score
        asked = 1.0 - float(forms[card.forms.index("none")])
        return Label(form, function, round(form_score, 4), round(function_score, 4), unsure, asked)


def probabilities(card: "Card", form: np.ndarray, function: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits to calibrated probabilities of form (n, 3) and function (n, 9), of which none is the last in both.

    The two heads are joined, so that function is none exactly as often as form is: a pair counts the product of its
    parts, and pairs of which one alone is none count nothing.
    """
    forms = softmax(form / card.form_temperature)
    functions = softmax(function / card.function_temperature)
    asked = forms[:, :-1, None] * functions[:, None, :-1]
    silent = forms[:, -1] * functions[:, -1]
    total = asked.sum(axis=(1, 2)) + silent
    return (
        np.concatenate([asked.sum(axis=2), silent[:, None]], axis=1) / total[:, None],
        np.concatenate([asked.sum(axis=1), silent[:, None]], axis=1) / total[:, None],
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    """Rows as probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def ask_of(turns_of_calls: Sequence[Sequence[Turn]], classifier: QuestionClassifier) -> list[tuple[Question, ...]]:
    """The agent's questions of each call, labelled in one batch over all calls. What asks nothing is left out."""
    found = [find_questions(turns) for turns in turns_of_calls]
    labels = iter(classifier.classify([(one.prev, one.asked) for of_call in found for one in of_call]))
    labelled = [[(one, next(labels)) for one in of_call] for of_call in found]
    least = classifier.min_asked_unmarked
    return [
        tuple(
            _question(one, label)
            for one, label in of_call
            if label.form != "none" and (one.marked or label.asked >= least)
        )
        for of_call in labelled
    ]


def _question(found: FoundQuestion, label: Label) -> Question:
    return Question(
        turn=found.turn,
        start_char=found.start_char,
        end_char=found.end_char,
        time_s=found.time_s,
        text=found.text,
        form=label.form,
        function=label.function,
        form_score=label.form_score,
        function_score=label.function_score,
        unsure=label.unsure,
    )


class _Line(BaseModel):
    """One line of `coach classify`'s input."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int
    prev: str = ""
    text: str = Field(min_length=1, max_length=10_000)


@dataclass(frozen=True, slots=True)
class _Bad:
    problem: str


def classify_lines(lines: Iterable[str], classifier: QuestionClassifier) -> Iterator[dict[str, Any]]:
    """One record {"id","form","function","form_score","function_score","unsure"} per JSON line {"id","prev","text"}.

    In order, BATCH_LINES at a time; blank lines are skipped, a missing `prev` is empty, further keys are ignored. At a
    bad line the ones before it are still answered, then InputError names the line.
    """
    parsed = _parse(lines)
    while batch := list(islice(parsed, BATCH_LINES)):
        good = [line for line in batch if isinstance(line, _Line)]
        labels = classifier.classify([(line.prev, line.text) for line in good])
        for line, label in zip(good, labels, strict=True):
            yield {
                "id": line.id,
                "form": label.form,
                "function": label.function,
                "form_score": label.form_score,
                "function_score": label.function_score,
                "unsure": label.unsure,
            }
        if isinstance(batch[-1], _Bad):
            raise InputError(batch[-1].problem, code="bad_line")


def _parse(lines: Iterable[str]) -> Iterator[_Line | _Bad]:
    """The lines as values; the first bad one ends it."""
    number = 0
    try:
        for line in lines:
            number += 1
            if line.strip():
                yield _Line.model_validate(json.loads(line))
    except UnicodeDecodeError as error:
        yield _Bad(f"line {number + 1}: is not UTF-8 ({error.reason}).")
    except json.JSONDecodeError as error:
        yield _Bad(f"line {number}: is not valid JSON ({error.msg}).")
    except (ValidationError, RecursionError) as error:
        yield _Bad(f"line {number}: {_explain(error)}.")


def _explain(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
