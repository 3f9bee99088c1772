"""Labels a question by form and function (QUESTIONS.md), with calibrated probabilities and an honest `unsure`."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coach.errors import InputError, ModelError
from coach.questions.features import FACTS_SHA256, features
from coach.questions.find import FoundQuestion, find_questions
from coach.questions.head import HEAD_FILE, Head, load_head
from coach.retrieval.embeddings import Embedder
from coach.types import Form, Function, Question, Turn

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


class QuestionClassifier:
    """A trained head over a frozen sentence encoder. `load` once, at the edge."""

    def __init__(self, encoder: Embedder, head: Head) -> None:
        """Raises ModelError when the head was trained on another encoder or other wording patterns."""
        if encoder.name != head.card.encoder:
            raise ModelError(
                f"The question classifier was trained on {head.card.encoder}, not on {encoder.name}; "
                "give it the packaged embedding model."
            )
        if head.card.facts_sha256 != FACTS_SHA256:
            raise ModelError("The question classifier's weights belong to another version of its code: train again.")
        self._encoder = encoder
        self._head = head

    @classmethod
    def load(cls, encoder: Embedder, path: Path = HEAD_FILE) -> Self:
        """The classifier with the weights that come with callcoach, or those in `path`. Raises ModelError."""
        return cls(encoder, load_head(path))

    def classify(self, items: Sequence[tuple[str, str]]) -> list[Label]:
        """One label per (customer's last words, question), in order; the first may be empty. All items in one batch."""
        if not items:
            return []
        forms, functions = self._head.probabilities(features(self._encoder, items))
        return [self._label(form, function) for form, function in zip(forms, functions, strict=True)]

    def _label(self, form_p: np.ndarray, function_p: np.ndarray) -> Label:
        card = self._head.card
        form = cast(Form, card.forms[int(form_p.argmax())])
        form_score = float(form_p.max())
        if form == "none":
            function, function_score = "none", form_score
        else:
            asked = 1.0 - float(form_p[card.forms.index("none")])
            function, function_score = card.functions[int(function_p.argmax())], asked * float(function_p.max())
        unsure = form_score < card.min_form_score or function_score < card.min_function_score
        return Label(form, cast(Function, function), round(form_score, 4), round(function_score, 4), unsure)


def ask_of(turns_of_calls: Sequence[Sequence[Turn]], classifier: QuestionClassifier) -> list[tuple[Question, ...]]:
    """The agent's questions of each call, labelled in one batch over all calls. What asks nothing is left out."""
    found = [find_questions(turns) for turns in turns_of_calls]
    labels = iter(classifier.classify([(one.prev, one.text) for of_call in found for one in of_call]))
    labelled = [[(one, next(labels)) for one in of_call] for of_call in found]
    return [tuple(_question(one, label) for one, label in of_call if label.form != "none") for of_call in labelled]


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
