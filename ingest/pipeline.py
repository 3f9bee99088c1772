"""The stages a call goes through, in order, each a plain function from values to values.

decode → transcribe (speech, windows, recogniser, guards: `ingest.transcribe`) → sides (voices, roles: `ingest.sides`)
→ redact → turns → score → passages.
Nothing here touches the store or the inbox, so the same functions run in one process or as map stages of an engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coach.config import Config
from coach.errors import InputError
from coach.redact import Redactor
from coach.retrieval.passages import cut
from coach.scoring import Scorer, score_calls
from coach.types import Call, Metadata, Passage, Segment, Turn
from ingest.audio import decode
from ingest.channels import Channel, assign
from ingest.inbox import Recording
from ingest.sides import Sides, TellsVoices
from ingest.transcribe import CallTranscript, Transcribes
from ingest.turns import build_turns

SILENCE_PAD_S = 0.3
"""A redacted segment is silenced this much wider on both sides: the recogniser's times are good to about that."""


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to be taken in, with the identity and metadata it will have."""

    recording: Recording
    call_id: str
    metadata: Metadata
    keep: tuple[Turn, ...] = ()
    """The call's turns as stored, when somebody put its sides right: transcribed again, it keeps those sides."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A job's sound: int16 channels at 16 kHz, memory-mapped from files in `folder`."""

    job: Job
    channels: tuple[Channel, ...]
    flags: tuple[str, ...]
    duration_s: float
    folder: Path


@dataclass(frozen=True, slots=True)
class Models:
    """Everything that has weights, loaded once at the edge and handed in."""

    transcriber: Transcribes
    redactor: Redactor
    scorer: Scorer
    diarizer: TellsVoices | None
    """None when the extra for it is not installed."""


@dataclass(frozen=True, slots=True)
class Redacted:
    segments: tuple[Segment, ...]
    silence: tuple[tuple[float, float], ...]
    """Stretches of the recording, in seconds, that must not be heard in the kept copy."""


def decode_call(job: Job, folder: Path, config: Config) -> Decoded:
    """The channels of a recording, decoded into `folder` (created). Raises InputError for what cannot be decoded."""
    folder.mkdir(parents=True, exist_ok=True)
    audios = [decode(path, folder / f"{number}.pcm", config.inbox) for number, path in enumerate(job.recording.paths)]
    _require_unchanged(job.recording)
    channels, flags = assign(audios, job.recording, config.inbox)
    duration_s = max(audio.duration_s for audio in audios)
    return Decoded(job, tuple(channels), tuple(flags), duration_s, folder)


def _require_unchanged(recording: Recording) -> None:
    try:
        changed_at = max(path.stat().st_mtime for path in recording.paths)
    except OSError as error:
        raise InputError(
            f"{recording.name} vanished while it was read ({error.strerror}).", code="unreadable"
        ) from None
    if changed_at != recording.mtime:
        raise InputError(f"{recording.name} changed while it was read; the next run takes it.", code="changed")


def redact_segments(segments: Sequence[Segment], redactor: Redactor | None) -> Redacted:
    """The segments ordered by time with card numbers and security codes taken out, dropped ones included.

    What was really said is read first, by itself: an invention between its two halves must not hide a number. A
    segment that changed is silenced whole, padded by SILENCE_PAD_S: recognisers do not time single digits well enough
    to cut more finely and still be sure. Without a redactor (`coach transcribe --raw`) the text stays.
    """
    ordered = sorted(segments, key=lambda segment: (segment.start, segment.end, segment.channel))
    if redactor is None:
        return Redacted(tuple(ordered), ())
    clean = list(ordered)
    accepted = [at for at, segment in enumerate(ordered) if segment.dropped is None]
    for chosen in (accepted, range(len(ordered))):
        results = redactor.redact([(clean[at].role, clean[at].text) for at in chosen])
        for at, result in zip(chosen, results, strict=True):
            if result.text != clean[at].text:
                clean[at] = replace(clean[at], text=result.text, words=())
    silence = tuple(
        (max(0.0, before.start - SILENCE_PAD_S), before.end + SILENCE_PAD_S)
        for before, after in zip(ordered, clean, strict=True)
        if before.text != after.text
    )
    return Redacted(tuple(clean), silence)


def redact_metadata(metadata: Metadata, redactor: Redactor) -> Metadata:
    """The same for what people write into columns of their own: notes, remarks."""
    names = list(metadata.extra)
    results = [redactor.redact([("unknown", metadata.extra[name])])[0] for name in names]
    return replace(metadata, extra={name: result.text for name, result in zip(names, results, strict=True)})


def redact_turns(turns: Sequence[Turn], redactor: Redactor) -> tuple[Turn, ...]:
    """The same for a transcript that came ready made."""
    results = redactor.redact([(turn.role, turn.text) for turn in turns])
    return tuple(replace(turn, text=result.text) for turn, result in zip(turns, results, strict=True))


def draft_call(
    decoded: Decoded, transcript: CallTranscript, sides: Sides, redacted: Redacted, *, engine: str, model: str
) -> Call:
    """The call as transcribed, before anything is scored."""
    accepted = [segment for segment in redacted.segments if segment.dropped is None]
    return Call(
        id=decoded.job.call_id,
        metadata=decoded.job.metadata,
        turns=tuple(build_turns(accepted)),
        recording_sha256=decoded.job.recording.sha256,
        source=decoded.job.recording.name,
        duration_s=decoded.duration_s,
        flags=tuple(dict.fromkeys((*decoded.flags, *transcript.flags, *sides.flags))),
        dropped=tuple(segment for segment in redacted.segments if segment.dropped is not None),
        role_confidence=sides.role_confidence,
        swapped=sides.swapped,
        engine=engine,
        model=model,
        language=transcript.language,
    )


def enrich(calls: Sequence[Call], scorer: Scorer) -> list[Call]:
    """The calls scored and with passages; texts of all calls go through the encoders in one batch."""
    spans = [cut(call.turns) for call in calls]
    vectors = iter(scorer.embedder.embed([span.text for call_spans in spans for span in call_spans]))
    return [
        replace(
            call,
            passages=tuple(
                Passage(span.first_turn, span.last_turn, span.start, span.end, span.text, next(vectors))
                for span in call_spans
            ),
        )
        for call, call_spans in zip(score_calls(calls, scorer), spans, strict=True)
    ]
