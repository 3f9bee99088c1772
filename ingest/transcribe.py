"""From channels to guarded segments: speech, windows, recogniser and guards, for many calls in shared batches."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coach.types import Segment
from ingest.engines import Engine, RawSegment
from ingest.guards import guard, lost_speech
from ingest.speech import SAMPLE_RATE, Span, SpeechDetector
from ingest.windows import Window, pack, spread

if TYPE_CHECKING:
    from ingest.channels import Channel

WINDOWS_AT_ONCE = 64  # handed to the engine together: enough to fill its batches, 120 MB of sound
LANGUAGE_WINDOWS = 3  # per call, from which its language is told


@dataclass(frozen=True, slots=True)
class CallTranscript:
    """What was said in one call."""

    segments: tuple[Segment, ...]
    """Of all channels by start, those that the guards dropped included."""
    speech: tuple[tuple[Span, ...], ...]
    """Per channel, in the order given, where somebody speaks."""
    lost: tuple[tuple[Span, ...], ...]
    """Per channel, speech for which there is no accepted text."""
    flags: tuple[str, ...]
    """"speech_lost" when there is lost speech."""
    language: str | None
    """Of the whole call; None when nothing was said and none was configured."""

    @property
    def lost_s(self) -> float:
        return sum(span.length for spans in self.lost for span in spans)


@dataclass(slots=True)
class _Draft:
    """A call on its way through the recogniser."""

    channels: "Sequence[Channel]"
    speech: list[tuple[Span, ...]] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    raw: list[Segment] = field(default_factory=list)
    language: str | None = None


class Transcriber:
    """Transcribes calls with a loaded engine and detector. `language` None means: told per call from its sound."""

    def __init__(self, engine: Engine, detector: SpeechDetector, *, language: str | None = "en") -> None:
        self.engine = engine
        self.detector = detector
        self.language = language

    def transcribe(self, calls: "Sequence[Sequence[Channel]]") -> list[CallTranscript]:
        """One transcript a call, in order. A call without speech has no segments.

        Speech that the recogniser passed over, or whose text was rejected, is given to it once more, without its
        surroundings. Memory is bounded by 64 windows' sound, however long the recordings, when the channels' samples
        are memory maps.
        """
        drafts = [self._prepare(call, channels) for call, channels in enumerate(calls)]
        if self.language is None:
            for draft in drafts:
                draft.language = self._detect_language(draft)
        self._recognise(drafts, [window for draft in drafts for window in draft.windows])
        self._recognise(drafts, [window for call, draft in enumerate(drafts) for window in _second_look(call, draft)])
        return [_finished(draft) for draft in drafts]

    def _recognise(self, drafts: Sequence[_Draft], windows: Sequence[Window]) -> None:
        """Adds what is said in the windows to the drafts they come from."""
        for chosen in _in_batches(windows):
            sounds = [window.samples(_channel_of(drafts, window).samples) for window in chosen]
            languages = [drafts[window.key[0]].language for window in chosen]
            for window, heard in zip(chosen, self.engine.transcribe(sounds, languages=languages), strict=True):
                drafts[window.key[0]].raw.extend(_placed(window, heard, _channel_of(drafts, window)))

    def _prepare(self, call: int, channels: "Sequence[Channel]") -> _Draft:
        draft = _Draft(channels, language=self.language)
        for at, channel in enumerate(channels):
            spans = self.detector.detect(channel.samples)
            draft.speech.append(tuple(spans))
            draft.windows.extend(pack(spans, duration_s=len(channel.samples) / SAMPLE_RATE, key=(call, at)))
        return draft

    def _detect_language(self, draft: _Draft) -> str | None:
        """The language likeliest over the call's longest windows, each counting with its length."""
        longest = sorted(draft.windows, key=lambda window: -window.duration_s)[:LANGUAGE_WINDOWS]
        sounds = [window.samples(draft.channels[window.key[1]].samples) for window in longest]
        votes: defaultdict[str, float] = defaultdict(float)
        for window, shares in zip(longest, self.engine.detect_languages(sounds), strict=True):
            for language, share in shares.items():
                votes[language] += share * window.duration_s
        return max(votes, key=lambda language: votes[language], default=None)


def _in_batches(windows: Sequence[Window]) -> Iterator[Sequence[Window]]:
    """Windows of like length together, so that the engine's batches are even."""
    ordered = sorted(windows, key=lambda window: -window.duration_s)
    for at in range(0, len(ordered), WINDOWS_AT_ONCE):
        yield ordered[at : at + WINDOWS_AT_ONCE]


def _channel_of(drafts: Sequence[_Draft], window: Window) -> "Channel":
    call, channel = window.key
    return drafts[call].channels[channel]


def _placed(window: Window, heard: Sequence[RawSegment], channel: "Channel") -> Iterator[Segment]:
    """A window's segments in the recording."""
    for raw in heard:
        for stretch in spread(window, raw.start, raw.end, raw.text, raw.words):
            yield Segment(
                channel=channel.index,
                role=channel.role,
                start=stretch.start,
                end=stretch.end,
                text=stretch.text,
                avg_logprob=raw.avg_logprob,
                no_speech_prob=raw.no_speech_prob,
                compression_ratio=raw.compression_ratio,
                words=stretch.words,
            )


def _second_look(call: int, draft: _Draft) -> Iterator[Window]:
    """Windows of the speech that got no text."""
    for at, (channel, spans) in enumerate(zip(draft.channels, draft.speech, strict=True)):
        lost = lost_speech(guard(_of_channel(draft, channel), spans), spans)
        yield from pack(lost, duration_s=len(channel.samples) / SAMPLE_RATE, key=(call, at))


def _of_channel(draft: _Draft, channel: "Channel") -> list[Segment]:
    return sorted((s for s in draft.raw if s.channel == channel.index), key=lambda s: (s.start, s.end))


def _finished(draft: _Draft) -> CallTranscript:
    segments: list[Segment] = []
    lost: list[tuple[Span, ...]] = []
    for channel, spans in zip(draft.channels, draft.speech, strict=True):
        guarded = guard(_of_channel(draft, channel), spans)
        segments.extend(guarded)
        lost.append(tuple(lost_speech(guarded, spans)))
    segments.sort(key=lambda s: (s.start, s.end))
    flags = ("speech_lost",) if any(lost) else ()
    return CallTranscript(tuple(segments), tuple(draft.speech), tuple(lost), flags, draft.language)
