"""What the store hands out beside calls: rows of lists, passages, runs and files."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

import numpy as np

from coach.types import Function, Metadata, Role

FileStatus = Literal["done", "updated", "set_aside", "waiting", "skipped"]


@dataclass(frozen=True, slots=True)
class CallSummary:
    """One line of a list of calls."""

    id: str
    metadata: Metadata
    duration_s: float | None
    flags: tuple[str, ...]
    source: str
    audio: str | None
    n_questions: int
    open_share: float | None
    """Open questions of all questions; None without questions."""
    impact_count: int
    talk_share: float | None
    """The agent's share of the time spoken; None when sides or times are not known."""


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage without its embedding. `call` is the call's id; turns are inclusive."""

    id: int
    call: str
    first_turn: int
    last_turn: int
    start: float | None
    end: float | None
    text: str
    roles: tuple[Role, ...] = ()
    """Who speaks in it, in the order of ROLES."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What a group of calls amounts to: of each an x and a y, whose sums make up a ratio (coach.store.counting)."""

    calls: int = 0
    known: int = 0
    """Calls of which x is known; only they are summed."""
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    """Of x squared, as yy of y; xy of their products."""
    yy: float = 0.0
    xy: float = 0.0
    doubtful: float = 0.0
    """How much of x rests on unsure labels; of a cue, how many calls say it too doubtfully to be counted."""

    def __add__(self, other: "Sums") -> "Sums":
        """Of both groups together, which share no call."""
        return Sums(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Names:
    """What a store calls things, beside the names that come with Callcoach; each in alphabetical order."""

    trackers: tuple[str, ...]
    """Of which it holds cues."""
    rubrics: tuple[str, ...]
    """Of which it holds scorecards."""
    extra: tuple[str, ...]
    """Unknown columns that metadata brought."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What became of one recording in one run."""

    run: int
    name: str
    sha256: str | None
    status: str
    code: str | None
    message: str | None
    call: str | None
    audio_s: float | None
    wall_s: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. `summary` and `finished_at` are None while it goes on, and for ever if it was killed."""

    id: int
    inbox: str
    settings: dict[str, Any]
    summary: dict[str, Any] | None
    started_at: datetime
    finished_at: datetime | None
    files: dict[str, int] = field(default_factory=dict)
    """How many files ended in each status."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What the store let go of, so that the caller can remove the rest."""

    call: str
    names: tuple[str, ...]
    """File names it came from, also under other names; the operator deletes the originals."""
    inboxes: tuple[str, ...]
    """Folders in which those were found."""
    audio: str | None
    n_passages: int


@dataclass(frozen=True, slots=True)
class StoredExemplar:
    """A question of a call that went well, where it stands. `key` is the store's own number of the call."""

    key: int
    call: str
    agent: str | None
    turn: int
    start_char: int
    end_char: int
    time_s: float | None
    function: Function
    text: str


@dataclass(frozen=True, slots=True)
class ExemplarPool:
    """Exemplars with the embeddings of what the customer had said before each: float32, shape (n, dimension)."""

    entries: tuple[StoredExemplar, ...]
    prev_embeddings: np.ndarray


@dataclass(frozen=True, slots=True)
class Review:
    """One person's score of one criterion of one call. `value` is 0..1; None when it does not apply to the call."""

    call: str
    rubric: str
    criterion: str
    value: float | None
    person: str
    note: str = ""
    at: datetime | None = None
    """None: when it is saved."""


ScoreKey = tuple[str, str]
"""(rubric, criterion); a rubric's total has no criterion, a figure of the call itself no rubric."""


@dataclass(frozen=True, slots=True)
class AgentSummary:
    """What all calls of one agent show."""

    agent: str
    n_calls: int
    n_questions: int
    n_open: int
    """Open ones among the questions."""
    n_asked: int
    """Calls in which the agent asked anything..."""
    n_impact: int
    """...and those in which the agent asked about the impact."""
    cards: dict[str, tuple[float, int]]
    """By rubric: the scorecards' mean (0..1) and how many there are."""


@dataclass(frozen=True, slots=True)
class AgentCall:
    """One call of an agent with what is known of it, None and "does not apply" left out."""

    id: str
    started_at: datetime | None
    queue: str | None
    product: str | None
    values: dict[ScoreKey, float]
    """Each 0..1, in the rubrics' order."""
    counted: frozenset[ScoreKey]
    """Criteria among them that have a weight or are fatal; not what is only reported, totals and figures."""


@dataclass(frozen=True, slots=True)
class SavedQuestion:
    """A question that is asked again each night."""

    name: str
    question: str
    before: tuple[str, ...] = ()
    """The questions of the conversation it stands in, oldest first."""
    where: tuple[str, ...] = ()
    """Conditions as `--where` takes them."""
    without: tuple[str, ...] = ()
    """Conditions that the question states and that were taken away."""
    saved_at: datetime | None = None
    """None: when it is saved."""


@dataclass(frozen=True, slots=True)
class SavedCitation:
    """The place of a quote. Role, words and time are those that stand there now; they need not be given to save it."""

    call: str
    turn: int
    start_char: int
    end_char: int
    role: Role = "unknown"
    quote: str = ""
    start: float | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """What was answered to a saved question at one time."""

    at: datetime
    status: str
    figures: tuple[Mapping[str, Any], ...]
    """As `Figure.to_json` gives them."""
    n_matching: int
    n_total: int
    citations: tuple[SavedCitation, ...] = ()
