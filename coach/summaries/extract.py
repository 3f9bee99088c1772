"""A call's summary out of its own words: for each part the one or two pieces of what was said that tell it best.

No sentence is made: pieces are ranked by points and quoted. Points are small and few, and were set by reading half of
the written contacts (those with an even number); `python -m evals summaries` measures on the other half. Cues count
only where they are likely (LIKELY_CUE).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coach.measures.answers import answer_turns, content_words
from coach.measures.chain import chain
from coach.measures.likely import likely
from coach.measures.speech import speaks
from coach.summaries import wording
from coach.summaries.pieces import Piece, pieces_of
from coach.types import Cue, Function, Question, Role, SummaryPart, SummarySentence, Turn

OPENING_TURNS = 4
"""Customers say why they are in touch within so many of their turns; who they are may have to come first."""
MOST = 2
"""Sentences in one part."""
MOST_CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class _Rated:
    piece: Piece
    points: float


@dataclass(frozen=True, slots=True)
class _Heard:
    """A call as the parts look at it."""

    turns: Sequence[Turn]
    pieces: Sequence[Piece]
    """Of all turns, in order."""
    cues: dict[Piece, dict[str, float]]
    """The likely cues' scores, by the piece that carries the most of each."""
    answering: dict[Function, frozenset[int]]
    """Turns of the customer that answer a question of the function."""
    agreed: tuple[int, str] | None
    """Turn and words of the chain's next step."""

    def of(self, role: Role) -> list[Piece]:
        return [piece for piece in self.pieces if self.turns[piece.turn].role == role]

    def cue(self, piece: Piece, *names: str) -> float:
        """The highest score of cues whose names begin so; 0 without one."""
        return max((score for name, score in self.cues.get(piece, {}).items() if name.startswith(names)), default=0.0)

    def late(self, piece: Piece) -> float:
        """How far into the call, 0 to 1."""
        return piece.turn / max(1, len(self.turns) - 1)


def extract(turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]) -> tuple[SummarySentence, ...]:
    """The summary, verbatim; a part of which nothing is known is left out, () where nothing was said.

    Where nobody is known to be the customer, only the reason is looked for, among the first words of anybody.
    """
    parts = _rate(turns, questions, cues)
    return tuple(
        SummarySentence(part, piece.text, (piece.turn,))
        for part, rated in parts.items()
        for piece in _best(rated, part)
    )


def candidates(
    turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]
) -> dict[SummaryPart, tuple[Piece, ...]]:
    """For each part what tells of it at all, at most MOST_CANDIDATES pieces, best first: what others may word anew."""
    parts = _rate(turns, questions, cues)
    return {
        part: tuple(one.piece for one in sorted(rated, key=lambda one: -one.points) if one.points >= _TELLS[part])[
            :MOST_CANDIDATES
        ]
        for part, rated in parts.items()
    }


def _rate(turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]) -> dict[SummaryPart, list[_Rated]]:
    heard = _hear(turns, questions, cues)
    parts: dict[SummaryPart, list[_Rated]] = {"reason": _reasons(heard)}
    if speaks(turns, "customer"):
        parts["impact"] = _impacts(heard)
    if speaks(turns, "agent"):
        parts |= {"done": _done(heard), "next_step": _next_steps(heard), "open_promise": _open_promises(heard)}
    return parts


_LEAST: dict[SummaryPart, float] = {
    "reason": 0.6,
    "impact": 0.6,
    "done": 0.7,
    "next_step": 0.8,
    "open_promise": 0.8,
}
"""Points without which a piece tells nothing of the part."""
_TELLS: dict[SummaryPart, float] = {
    "reason": 0.5,
    "impact": 0.3,
    "done": 0.5,
    "next_step": 0.5,
    "open_promise": 0.5,
}
"""Points from which it may be a candidate."""
_MARGIN: dict[SummaryPart, float] = {
    "reason": 0.4,
    "impact": 0.15,
    "done": 0.4,
    "next_step": 0.4,
    "open_promise": 0.6,
}
"""The second sentence of a part may have so many points less than the best."""


def _best(rated: Iterable[_Rated], part: SummaryPart) -> list[Piece]:
    """At most MOST pieces of different words, in the order they were said."""
    telling = sorted((one for one in rated if one.points >= _LEAST[part]), key=lambda one: one.points)
    ranked = list({one.piece.text: one for one in telling}.values())[::-1]
    chosen = [one.piece for one in ranked[:MOST] if one.points >= ranked[0].points - _MARGIN[part]]
    return sorted(chosen, key=lambda piece: (piece.turn, piece.start))


def _hear(turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]) -> _Heard:
    pieces = [piece for index in range(len(turns)) for piece in pieces_of(turns, index)]
    of_turn: dict[int, list[Piece]] = {}
    for piece in pieces:
        of_turn.setdefault(piece.turn, []).append(piece)
    carried: dict[Piece, dict[str, float]] = {}
    for cue in likely(cues):
        touched = [(overlap, piece) for piece in of_turn.get(cue.turn, ()) if (overlap := _overlap(piece, cue)) > 0]
        if touched:
            scores = carried.setdefault(max(touched, key=lambda one: one[0])[1], {})
            scores[cue.tracker] = max(cue.score, scores.get(cue.tracker, 0.0))
    asking = {question.turn for question in questions}
    answering: dict[Function, set[int]] = {}
    for question in questions:
        answering.setdefault(question.function, set()).update(answer_turns(turns, question.turn, asking))
    step = chain(turns, questions, cues).steps[-1]
    agreed = None if step.turn is None else (step.turn, step.text)
    return _Heard(turns, pieces, carried, {name: frozenset(found) for name, found in answering.items()}, agreed)


def _overlap(piece: Piece, cue: Cue) -> int:
    return min(piece.end, cue.end_char) - max(piece.start, cue.start_char)


def _reasons(heard: _Heard) -> list[_Rated]:
    """What the customer says first, best as the answer to an opener."""
    known = speaks(heard.turns, "customer")
    pool = heard.of("customer") if known else list(heard.pieces)
    order = {turn: at for at, turn in enumerate(dict.fromkeys(piece.turn for piece in pool))}
    rated = []
    for piece in pool:
        at = order[piece.turn]
        if at < OPENING_TURNS:
            rated.append(_Rated(piece, _reason_points(heard, piece) - 0.2 * at - (0 if known else 0.4)))
    return rated


def _reason_points(heard: _Heard, piece: Piece) -> float:
    words = len(set(content_words(piece.text)))
    return (
        min(words, 8) / 8
        + 0.5 * bool(wording.MATTER.search(piece.text))
        + 0.3 * (piece.turn in heard.answering.get("opener", ()))
        + 0.4 * bool(heard.cue(piece, "cause_", "reason_", "leaving"))
        - 0.7 * bool(wording.WHO.search(piece.text))
        - 0.3 * piece.text.endswith("?")
    )


def _impacts(heard: _Heard) -> list[_Rated]:
    rated = []
    answers = heard.answering.get("impact", frozenset())
    for piece in heard.of("customer"):
        points = heard.cue(piece, "impact_stated") + 0.2 * bool(heard.cue(piece, "urgency", "vulnerability"))
        if piece.turn in answers:
            points += 0.3 + min(len(set(content_words(piece.text))), 8) / 16
        rated.append(_Rated(piece, points - 0.3 * piece.text.endswith("?")))
    return rated


def _done(heard: _Heard) -> list[_Rated]:
    rated = []
    for piece in heard.of("agent"):
        points = (
            0.7 * heard.cue(piece, "remedy")
            + 0.8 * _reported(piece)
            + 0.4 * bool(wording.GIVING.search(piece.text))
            + 0.4 * heard.cue(piece, "ownership")
            + 0.6 * heard.cue(piece, "teaching")
            + 0.4 * heard.late(piece)
            + _weight(piece)
        )
        rated.append(_Rated(piece, points))
    return rated


def _reported(piece: Piece) -> bool:
    """Whether it says that something was done; "I'll ring to hear that it's done" only promises."""
    acted, commits = wording.ACTED.search(piece.text), wording.COMMITS.search(piece.text)
    return acted is not None and (commits is None or acted.start() <= commits.start())


def _next_steps(heard: _Heard) -> list[_Rated]:
    rated = []
    for piece in heard.of("agent"):
        agreed = heard.agreed is not None and heard.agreed[0] == piece.turn and heard.agreed[1] in piece.text
        points = (
            _commitment(heard, piece)
            + 0.4 * agreed
            + 0.4 * bool(wording.ADVICE.search(piece.text))
            + 0.6 * heard.late(piece)
        )
        rated.append(_Rated(piece, points))
    return rated


def _open_promises(heard: _Heard) -> list[_Rated]:
    """What somebody commits to beyond the call, unless the call itself reports it done."""
    return [
        _Rated(piece, points + 0.2 * heard.late(piece))
        for piece in heard.of("agent")
        if (points := _commitment(heard, piece)) and not _kept(heard, piece)
    ]


def _commitment(heard: _Heard, piece: Piece) -> float:
    """Points for saying that something will be done or come; 0 for what is not promised."""
    promised = heard.cue(piece, "promise")
    commits = bool(wording.COMMITS.search(piece.text))
    if not (promised or commits):
        return 0.0
    return (
        0.7 * promised
        + 0.5 * commits
        + 0.4 * bool(wording.WHEN.search(piece.text))
        - 0.6 * bool(wording.AT_ONCE.search(piece.text))
        - 0.3 * piece.text.endswith("?")
        + _weight(piece)
    )


def _weight(piece: Piece) -> float:
    """What says little by itself, or only what politeness asks for, is worth less."""
    few = len(set(content_words(piece.text))) < 2
    return -0.3 * few - 0.6 * bool(wording.PLEASANTRY.search(piece.text)) - 0.3 * piece.text.endswith("?")


def _kept(heard: _Heard, promise: Piece) -> bool:
    """Whether somebody says later in the call that it is done: a report that shares a word, or the customer has it."""
    words = set(content_words(promise.text))
    later = (piece for piece in heard.pieces if piece.turn > promise.turn and words & set(content_words(piece.text)))
    return any(
        wording.ACTED.search(piece.text) and not wording.WHEN.search(piece.text)
        if heard.turns[piece.turn].role == "agent"
        else wording.KEPT.search(piece.text)
        for piece in later
    )
