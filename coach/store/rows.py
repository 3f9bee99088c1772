"""Domain values to rows of the tables, and rows to domain values."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Row

from coach.store.schema import as_utc, clean_text
from coach.types import Call, Metadata, Passage, Question, Score, Scorecard, Segment, Turn

_PLAIN = tuple(field.name for field in fields(Metadata) if field.name != "extra")
_QUESTION = tuple(field.name for field in fields(Question))
_SCORE = tuple(field.name for field in fields(Score) if field.name != "evidence")


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
    n_open = sum(question.form == "open" for question in call.questions)
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
        "n_questions": len(call.questions),
        "impact_count": sum(question.function == "impact" for question in call.questions),
        "open_share": n_open / len(call.questions) if call.questions else None,
        "talk_share": _talk_share(call),
    }


def _talk_share(call: Call) -> float | None:
    """The scorecard's own figure where it has one, else from the turns' times."""
    for score in call.scorecard.scores if call.scorecard is not None else ():
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


def score_rows(card: Scorecard) -> list[dict[str, Any]]:
    return [{"position": i, **{name: getattr(score, name) for name in _SCORE}} for i, score in enumerate(card.scores)]


def evidence_rows(card: Scorecard) -> list[dict[str, Any]]:
    return [
        {"score": i, "position": j, "turn": piece.turn, "time_s": piece.time_s, "text": piece.text}
        for i, score in enumerate(card.scores)
        for j, piece in enumerate(score.evidence)
    ]


def passage_rows(passages: Sequence[Passage]) -> list[dict[str, Any]]:
    return [
        {
            "first_turn": passage.first_turn,
            "last_turn": passage.last_turn,
            "start_s": passage.start,
            "end_s": passage.end,
            "text": passage.text,
            "embedding": np.ascontiguousarray(passage.embedding, dtype="<f4").tobytes(),
        }
        for passage in passages
    ]


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


def passage_of(row: Row[Any]) -> Passage:
    return Passage(
        first_turn=row.first_turn,
        last_turn=row.last_turn,
        start=row.start_s,
        end=row.end_s,
        text=row.text,
        embedding=np.frombuffer(row.embedding, dtype="<f4").astype(np.float32),
    )
