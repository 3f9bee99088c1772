"""What Whisper programs write as JSON: openai-whisper, WhisperX, and those that print faster-whisper's segments.

Structure: openai-whisper's `transcribe` returns {"text", "segments", "language"}; WhisperX adds "speaker" to segments
(and "words", which are not kept) after diarization; faster-whisper's Segment has the same field names.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from coach.types import Call, Turn
from ingest.formats.contacts import MAX_TIME_S, BadItem, Problem, Sides, assemble, id_from_name, label
from ingest.formats.json import load_json, validate

JOINED_GAP_S = 1.0
"""A named speaker's segments nearer than this are one turn."""

Seconds = Annotated[float, Field(ge=0, le=MAX_TIME_S, allow_inf_nan=False)]


class Segment(BaseModel):
    text: str
    start: Seconds | None = None
    end: Seconds | None = None
    speaker: str | None = None


class _Transcript(BaseModel):
    segments: list[Segment]
    language: str | None = None


def read_whisper(path: Path, sides: Sides) -> Iterator[Call | Problem]:
    """The one contact of a file, its id the file's name. Raises InputError when the file cannot be read."""
    try:
        data = load_json(path)
        transcript = validate(_Transcript, {"segments": data} if isinstance(data, list) else data)
        call_id = id_from_name(path)
        yield assemble(
            call_id, "voice", to_turns(transcript.segments, sides), path, language=label(transcript.language)
        )
    except BadItem as error:
        yield Problem(None, "bad_transcript", f"{path.name}: {error}.")


def to_turns(segments: list[Segment], sides: Sides) -> list[Turn]:
    """The segments as turns; those of one named speaker that follow each other closely are joined."""
    turns: list[Turn] = []
    for segment in segments:
        text, speaker = " ".join(segment.text.split()), label(segment.speaker)
        end = segment.end if segment.start is None or segment.end is None else max(segment.start, segment.end)
        last = turns[-1] if turns else None
        near = (
            last is not None
            and last.end is not None
            and segment.start is not None
            and segment.start - last.end <= JOINED_GAP_S
        )
        if last is not None and text and speaker and last.speaker == speaker and near:
            turns[-1] = Turn(last.role, f"{last.text} {text}", last.start, end, speaker)
        elif text:
            turns.append(Turn(sides.of(speaker), text, segment.start, end, speaker))
    return turns


def looks_like_whisper(data: object) -> bool:
    """Whether parsed JSON has the shape of a Whisper transcript."""
    segments = data.get("segments") if isinstance(data, dict) else data
    first = segments[0] if isinstance(segments, list) and segments else None
    return isinstance(first, dict) and {"text", "start", "end"} <= first.keys()
