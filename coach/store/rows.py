"""Domain values to rows of the tables, and rows to domain values."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Row

from coach.store.columns import as_utc, clean_text
from coach.types import (
    ROLES,
    Call,
    Cue,
    Evidence,
    Exemplar,
    Metadata,
    Passage,
    Question,
    Score,
    Scorecard,
    Segment,
    SummarySentence,
    Turn,
)

_PLAIN = tuple(field.name for field in fields(Metadata) if field.name != "extra")
_QUESTION = tuple(field.name for field in fields(Question))
_CUE = tuple(field.name for field in fields(Cue))
_SCORE = ("name", "value", "unit", "explanation", "n", "of")
_CRITERION = (*_SCORE, "section", "weight", "fatal")


def metadata_of(row: Row[Any], extra: dict[str, str]) -> Metadata:
    """The metadata in a row of `calls`."""
    return Metadata(**{name: getattr(row, name) for name in _PLAIN}, extra=extra)


def as_stored(metadata: Metadata) -> Metadata:
    plain = {name: getattr(metadata, name) for name in _PLAIN}
    clean: dict[str, Any] = {
        name: clean_text(value) if isinstance(value, str) else value for name, value in plain.items()
    }
    if metadata.started_at is not None:
        clean["started_at"] = as_utc(metadata.started_at)
    extra = {row["name"]: row["value"] for row in extra_rows(metadata)}
    return Metadata(**clean, extra={clean_text(name): clean_text(value) for name, value in extra.items()})


def call_row(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "recording_sha256": call.recording_sha256,
        "source": call.source,
        "saved_at": datetime.now(UTC),
        **metadata_row(call.metadata),
        "duration_s": call.duration_s,
        "flags": list(call.flags),
        "engine": call.engine,
        "model": call.model,
        "language": call.language,
        "audio": call.audio,
        "role_confidence": call.role_confidence,
        "swapped": call.swapped,
        **scored_columns(call),
    }


def scored_columns(call: Call) -> dict[str, Any]:
    """The columns of `calls` that scoring fills."""
    n_open = sum(question.form == "open" for question in call.questions)
    return {
        "scored_by": call.scored_by,
        "suggested": False,
        "n_questions": len(call.questions),
        "impact_count": sum(question.function == "impact" for question in call.questions),
        "open_share": n_open / len(call.questions) if call.questions else None,
        "talk_share": _talk_share(call),
    }


def _talk_share(call: Call) -> float | None:
    """The call's own measure where it has one, else from the turns' times."""
    for score in call.measures:
        if score.name == "talk_share":
            return score.value
    spoken = {"agent": 0.0, "customer": 0.0}
    for turn in call.turns:
        if turn.role in spoken and turn.start is not None and turn.end is not None:
            spoken[turn.role] += turn.end - turn.start
    total = sum(spoken.values())
    return spoken["agent"] / total if total > 0 else None


def metadata_row(metadata: Metadata) -> dict[str, Any]:
    return {name: getattr(metadata, name) for name in _PLAIN}


def extra_rows(metadata: Metadata) -> list[dict[str, Any]]:
    pairs = enumerate(metadata.extra.items())
    return [{"position": i, "name": str(name), "value": str(value)} for i, (name, value) in pairs]


def turn_rows(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return [
        {
            "position": i,
            "role": turn.role,
            "speaker": turn.speaker,
            "start_s": turn.start,
            "end_s": turn.end,
            "at": turn.at,
            "text": turn.text,
        }
        for i, turn in enumerate(turns)
    ]


def dropped_rows(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    return [
        {
            "position": i,
            "channel": segment.channel,
            "role": segment.role,
            "start_s": segment.start,
            "end_s": segment.end,
            "avg_logprob": segment.avg_logprob,
            "no_speech_prob": segment.no_speech_prob,
            "compression_ratio": segment.compression_ratio,
            "reason": segment.dropped,
            "text": segment.text,
        }
        for i, segment in enumerate(segments)
    ]


def question_rows(questions: Sequence[Question]) -> list[dict[str, Any]]:
    return [
        {"position": i, **{name: getattr(question, name) for name in _QUESTION}, "unsure": bool(question.unsure)}
        for i, question in enumerate(questions)
    ]


def cue_rows(cues: Sequence[Cue]) -> list[dict[str, Any]]:
    return [{"position": i, **{name: getattr(cue, name) for name in _CUE}} for i, cue in enumerate(cues)]


def exemplar_rows(exemplars: Sequence[Exemplar]) -> list[dict[str, Any]]:
    return [
        {
            "position": i,
            "turn": one.turn,
            "start_char": one.start_char,
            "end_char": one.end_char,
            "function": one.function,
            "prev_embedding": np.ascontiguousarray(one.prev_embedding, dtype="<f4").tobytes(),
        }
        for i, one in enumerate(exemplars)
    ]


def summary_rows(summary: Sequence[SummarySentence]) -> list[dict[str, Any]]:
    return [
        {"position": i, "part": one.part, "text": one.text, "turns": list(one.turns), "source": one.source}
        for i, one in enumerate(summary)
    ]


def score_rows(scores: Sequence[Score]) -> list[dict[str, Any]]:
    return [
        {"position": i, **{name: getattr(score, name) for name in _SCORE}, "evidence": _evidence(score)}
        for i, score in enumerate(scores)
    ]


def scorecard_rows(cards: Sequence[Scorecard]) -> list[dict[str, Any]]:
    return [
        {"position": i, "rubric": card.rubric, "rubric_sha256": card.rubric_sha256, "value": card.value}
        for i, card in enumerate(cards)
    ]


def criterion_rows(at: int, card: Scorecard) -> list[dict[str, Any]]:
    return [
        {"card": at, "position": i, **{name: getattr(score, name) for name in _CRITERION}, "evidence": _evidence(score)}
        for i, score in enumerate(card.scores)
    ]


def _evidence(score: Score) -> list[list[Any]]:
    return [[one.turn, one.time_s, one.text] for one in score.evidence]


def passage_rows(passages: Sequence[Passage], turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return [
        {
            "first_turn": passage.first_turn,
            "last_turn": passage.last_turn,
            "start_s": passage.start,
            "end_s": passage.end,
            "text": passage.text,
            "embedding": np.ascontiguousarray(passage.embedding, dtype="<f4").tobytes(),
            "roles": _roles(turns[passage.first_turn : passage.last_turn + 1]),
        }
        for passage in passages
    ]


def _roles(turns: Sequence[Turn]) -> str:
    """Who says anything in them, in the order of ROLES, with spaces between."""
    speaking = {turn.role for turn in turns if turn.text.strip()}
    return " ".join(role for role in ROLES if role in speaking)


def segment_of(row: Row[Any]) -> Segment:
    return Segment(
        channel=row.channel,
        role=row.role,
        start=row.start_s,
        end=row.end_s,
        text=row.text,
        avg_logprob=row.avg_logprob,
        no_speech_prob=row.no_speech_prob,
        compression_ratio=row.compression_ratio,
        dropped=row.reason,
    )


def question_of(row: Row[Any]) -> Question:
    return Question(**{name: getattr(row, name) for name in _QUESTION})


def cue_of(row: Row[Any]) -> Cue:
    return Cue(**{name: getattr(row, name) for name in _CUE})


def score_of(row: Row[Any]) -> Score:
    return Score(**{name: getattr(row, name) for name in _SCORE}, evidence=_evidence_of(row))


def criterion_of(row: Row[Any]) -> Score:
    return Score(**{name: getattr(row, name) for name in _CRITERION}, evidence=_evidence_of(row))


def _evidence_of(row: Row[Any]) -> tuple[Evidence, ...]:
    return tuple(Evidence(turn, time_s, text) for turn, time_s, text in row.evidence)


def sentence_of(row: Row[Any]) -> SummarySentence:
    return SummarySentence(row.part, row.text, tuple(row.turns), row.source)


def exemplar_of(row: Row[Any]) -> Exemplar:
    vector = np.frombuffer(row.prev_embedding, dtype="<f4").astype(np.float32)
    return Exemplar(row.turn, row.start_char, row.end_char, row.function, vector)


def passage_of(row: Row[Any]) -> Passage:
    return Passage(
        first_turn=row.first_turn,
        last_turn=row.last_turn,
        start=row.start_s,
        end=row.end_s,
        text=row.text,
        embedding=np.frombuffer(row.embedding, dtype="<f4").astype(np.float32),
    )
