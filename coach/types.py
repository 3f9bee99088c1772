"""The domain's values: what a call is made of, from metadata to scorecard.

All are frozen and picklable, so every stage of the flow can hand them to another process. Times are
float seconds from the start of the recording; instants are UTC datetimes. Missing is None, never 0.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

import numpy as np

Role = Literal["agent", "customer", "unknown"]
Medium = Literal["voice", "chat", "email", "social"]
Form = Literal["open", "closed", "none"]
Function = Literal["opener", "impact", "need", "diagnostic", "procedural", "check", "learning", "closing", "none"]

ROLES: tuple[Role, ...] = get_args(Role)
MEDIA: tuple[Medium, ...] = get_args(Medium)
FORMS: tuple[Form, ...] = get_args(Form)
FUNCTIONS: tuple[Function, ...] = get_args(Function)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the organisation knows of a call beside its sound. Every field may be missing."""

    call_id: str | None = None
    started_at: datetime | None = None
    """UTC, with tzinfo."""
    medium: Medium = "voice"
    agent: str | None = None
    team: str | None = None
    customer: str | None = None
    segment: str | None = None
    product: str | None = None
    queue: str | None = None
    csat: float | None = None
    resolved: bool | None = None
    """Resolved at the first contact."""
    churned: bool | None = None
    sold: bool | None = None
    handle_time_s: float | None = None
    extra: dict[str, str] = field(default_factory=dict)
    """Unknown columns, kept as they came."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its leading space and punctuation, as it joins the others, and when it is said."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of text the recogniser returned for one channel, times in the recording."""

    channel: int
    role: Role
    start: float
    end: float
    text: str
    avg_logprob: float | None = None
    """Mean log-probability per token; None when the engine gives none."""
    no_speech_prob: float | None = None
    compression_ratio: float | None = None
    dropped: str | None = None
    """Why a guard rejected it ("loop", "silence", ...); None when accepted. Rejected text is never scored."""
    words: tuple[Word, ...] = ()
    """The words of `text` in order; empty when the engine does not tell, and once something was redacted."""
    voice: int | None = None
    """Which of its channel's voices says it, from 0 in the order they are first heard; None when not told apart."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Consecutive speech (or one message) of one role. A turn's index is its position in the transcript."""

    role: Role
    text: str
    start: float | None = None
    """None for chat and mail, which have `at`."""
    end: float | None = None
    speaker: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where in the call a score comes from."""

    turn: int
    time_s: float | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question an agent asked, labelled as QUESTIONS.md defines form and function."""

    turn: int
    start_char: int
    end_char: int
    """`turns[turn].text[start_char:end_char] == text`."""
    time_s: float | None
    text: str
    form: Form
    function: Function
    form_score: float
    function_score: float
    """Probabilities in [0, 1] of the chosen labels."""
    unsure: bool


@dataclass(frozen=True, slots=True)
class Cue:
    """Something said that matters, found by a tracker."""

    tracker: str
    """The tracker's name."""
    turn: int
    start_char: int
    end_char: int
    """`turns[turn].text[start_char:end_char] == text`: the sentence that carries it."""
    time_s: float | None
    text: str
    score: float
    """Calibrated probability in [0, 1] that the sentence carries the cue."""


LIKELY_CUE = 0.6
"""From this score on a cue is likelier right than wrong. Seen on the demo calls, read cue by cue: of 31 with a score
from .5 to .6, 6 are right and 21 wrong (4 can be argued about); of 86 from .6 on, 54 are right and 20 wrong (12)."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """An asked question that colleagues may learn from, findable by what the customer had just said."""

    turn: int
    start_char: int
    end_char: int
    function: Function
    prev_embedding: np.ndarray
    """Of the customer's last words before it: float32, unit length, shape (dimension,)."""


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of a call, or one criterion of a scorecard. `value` is None when it does not apply."""

    name: str
    value: float | None
    """In `unit`; of a criterion a share: 0 not met, 1 met."""
    unit: str
    """"count", "share" (0..1), "s", "per_minute" or "per_10_minutes"."""
    explanation: str
    n: int | None = None
    """A share's numerator..."""
    of: int | None = None
    """...and denominator."""
    evidence: tuple[Evidence, ...] = ()
    section: str = ""
    """Of the rubric; empty for a measure."""
    weight: float | None = None
    """What the criterion counts within its section; None for a measure and for what is only reported."""
    fatal: bool = False
    """A criterion without which the whole scorecard is 0."""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A rubric applied to one call, with evidence."""

    rubric: str
    rubric_sha256: str
    """Of the rubric's meaning: another hash, another rubric."""
    value: float | None
    """Weighted share of what applies, 0..1; None when nothing applies; 0 when a fatal criterion is not met."""
    scores: tuple[Score, ...]
    """One a criterion, in the rubric's order."""


SuggestionKind = Literal["colleague", "rewrite", "bank"]
ASKED_CLOSED = "closed"
"""The `reason` of a suggestion for a question that was asked closed."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question the agent could have asked at one moment of the call, and where it comes from."""

    turn: int
    """The agent's turn that it would have improved, or the customer's that nobody took up."""
    start_char: int
    """Where in the turn the asked question or the customer's cue begins."""
    reason: str
    """ASKED_CLOSED, or the tracker of a cue that nobody took up."""
    function: Function
    """What the suggested question does."""
    kind: SuggestionKind
    """A colleague's own question, a rewrite of the agent's, or a written exemplar."""
    text: str
    source: str
    """For people: the colleague's call, the prompt and model, or the bank."""
    source_call: str | None = None
    source_turn: int | None = None
    source_time_s: float | None = None
    similarity: float | None = None
    """Of the customer's words in both calls, 0..1; None where nothing was compared."""


SummaryPart = Literal["reason", "impact", "done", "next_step", "open_promise"]
SUMMARY_PARTS: tuple[SummaryPart, ...] = get_args(SummaryPart)


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """One sentence of a call's summary, with the turns it rests on."""

    part: SummaryPart
    """Why the customer is in touch, what the matter does to them, what was done, what comes next, what is promised and
    not yet kept."""
    text: str
    turns: tuple[int, ...]
    """Rising, at least one."""
    source: str = ""
    """Prompt and model; empty when the words are the call's own."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of retrieval: one to a few turns. `first_turn`..`last_turn` are inclusive."""

    first_turn: int
    last_turn: int
    start: float | None
    end: float | None
    text: str
    embedding: np.ndarray
    """float32, unit length, shape (dimension,)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One contact, complete: everything that is committed in one transaction."""

    id: str
    metadata: Metadata
    turns: tuple[Turn, ...]
    recording_sha256: str | None
    """None for an imported transcript."""
    source: str
    """The file name(s) it came from, without folders; the pair's joined by ' + '."""
    duration_s: float | None
    flags: tuple[str, ...] = ()
    """"truncated", "one_sided", "duplicated_mono", "mono", "speech_lost", ..."""
    dropped: tuple[Segment, ...] = ()
    """What the guards rejected (already redacted)."""
    engine: str | None = None
    model: str | None = None
    language: str | None = None
    audio: str | None = None
    """Name of the kept copy in the data folder's `audio/`, opaque; None when none was kept."""
    questions: tuple[Question, ...] = ()
    cues: tuple[Cue, ...] = ()
    measures: tuple[Score, ...] = ()
    """What happened in the call, in numbers."""
    scorecards: tuple[Scorecard, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()
    summary: tuple[SummarySentence, ...] = ()
    """In the order of SUMMARY_PARTS; a part nothing is known of is left out."""
    scored_by: str | None = None
    """Fingerprint of the models, trackers and rubrics that scored it; None when nothing did."""
    passages: tuple[Passage, ...] = ()
    role_confidence: float | None = None
    """How sure the roles are that were told from what is said, 0 to 1; None when channels or a transcript gave them."""
    swapped: bool = False
    """Somebody put the sides right: a later run keeps the roles of these turns."""
