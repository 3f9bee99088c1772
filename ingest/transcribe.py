"""From channels to guarded segments: speech, windows, recogniser and guards, for many calls in shared batches."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from coach.types import Segment
from ingest.echo import find_echo
from ingest.engines import Engine, RawSegment, Sound
from ingest.guards import guard, lost_speech
from ingest.spans import union, without
from ingest.speech import SAMPLE_RATE, Span, SpeechDetector
from ingest.windows import Window, pack, spread

if TYPE_CHECKING:
    from ingest.channels import Channel

CALLS_AHEAD = 4  # whose speech is found together: all are in flight at once
MAX_LOOKS = 3
MIN_LATER_LOGPROB = -0.8
"""Of text that only a later look finds: on the tuning calls (`asr-corpus`) it keeps what removes more errors than it
makes; with any text accepted, or none, WER was .3 to .5 points higher."""
LANGUAGE_WINDOWS = 3  # per call, from which its language is told


@dataclass(frozen=True, slots=True)
class CallTranscript:
    """What was said in one call."""

    segments: tuple[Segment, ...]
    """Of all channels by start, those that the guards dropped included."""
    speech: tuple[tuple[Span, ...], ...]
    """Per channel, in the order given, where its own side speaks."""
    lost: tuple[tuple[Span, ...], ...]
    """Per channel, speech for which there is no accepted text."""
    flags: tuple[str, ...]
    """"speech_lost" when there is lost speech, "echo_removed" when one side's channel repeated the other's voice."""
    language: str | None
    """Of the whole call; None when nothing was said and none was configured."""

    @property
    def lost_s(self) -> float:
        return sum(span.length for spans in self.lost for span in spans)


class Transcribes(Protocol):
    """What turns calls' sound into words, on one device or several."""

    name: str
    """The engine's."""
    model: str

    def stream(self, calls: "Iterable[Sequence[Channel]]") -> Iterator[tuple[int, CallTranscript]]:
        """Each call's place in `calls` and its transcript, as soon as it is known."""
        ...

    def transcribe(self, calls: "Sequence[Sequence[Channel]]") -> list[CallTranscript]:
        """One transcript a call, in order."""
        ...


@dataclass(slots=True, eq=False)
class _Draft:
    """A call on its way through the recogniser."""

    place: int
    channels: "Sequence[Channel]"
    speech: Sequence[tuple[Span, ...]] = ()
    has_echo: bool = False
    raw: list[Segment] = field(default_factory=list)
    language: str | None = None
    outstanding: int = 0
    """Windows that have not come back."""
    looks: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A window on its way through the recogniser."""

    draft: _Draft
    window: Window


class Transcriber:
    """Transcribes calls with a loaded engine and detector. `language` None means: told per call from its sound.

    `looks`: with 2, speech that the recogniser passed over, or whose text was rejected, is given to it once more,
    without its surroundings; with 3, what is rejected even then once more as a hard window.
    """

    def __init__(
        self, engine: Engine, detector: SpeechDetector, *, language: str | None = "en", looks: int = 2
    ) -> None:
        self.engine = engine
        self.detector = detector
        self.language = language
        self.looks = looks
        self.name, self.model = engine.name, engine.model

    def transcribe(self, calls: "Sequence[Sequence[Channel]]") -> list[CallTranscript]:
        """One transcript a call, in order. A call without speech has no segments."""
        return [transcript for _, transcript in sorted(self.stream(calls), key=lambda pair: pair[0])]

    def stream(self, calls: "Iterable[Sequence[Channel]]") -> Iterator[tuple[int, CallTranscript]]:
        """Each call's place in `calls` and its transcript, as soon as it is known.

        Windows of many calls share the recogniser. Calls are taken when it has room, a few ahead, so memory is bounded
        by some windows' sound, however many calls there are and however long they are, when their samples are memory
        maps.
        """
        flow = _Flow(self, calls)
        while flow.has_more():
            for key, heard in self.engine.transcribe(flow.sounds()):
                assert isinstance(key, _Task)
                flow.take_back(key, heard)
                yield from flow.finished()
            yield from flow.finished()

    def detect_language(self, channels: "Sequence[Channel]", windows: Sequence[Window]) -> str | None:
        """The language likeliest over the call's longest windows, each counting with its length; None without any."""
        longest = sorted(windows, key=lambda window: -window.duration_s)[:LANGUAGE_WINDOWS]
        sounds = [window.samples(channels[window.channel].samples) for window in longest]
        votes: defaultdict[str, float] = defaultdict(float)
        for window, shares in zip(longest, self.engine.detect_languages(sounds), strict=True):
            for language, share in shares.items():
                votes[language] += share * window.duration_s
        return max(votes, key=lambda language: votes[language], default=None)


class _Flow:
    """The windows of a stream of calls, on their way to the recogniser and back."""

    def __init__(self, transcriber: Transcriber, calls: "Iterable[Sequence[Channel]]") -> None:
        self._transcriber = transcriber
        self._terms = transcriber.engine.vocabulary.terms
        self._calls = enumerate(calls)
        self._exhausted = False
        self._waiting: deque[tuple[_Task, bool]] = deque()
        self._done: list[_Draft] = []

    def has_more(self) -> bool:
        return bool(self._waiting) or not self._exhausted

    def sounds(self) -> Iterator[Sound]:
        """The next windows, until there is none for now: another look may bring more, or other calls not be silent."""
        while self._waiting or (self._prepare_more() and self._waiting):
            task, hard = self._waiting.popleft()
            samples = task.window.samples(task.draft.channels[task.window.channel].samples)
            yield Sound(task, samples, task.draft.language, hard)

    def take_back(self, task: _Task, heard: Sequence[RawSegment]) -> None:
        """Notes what is said in a window; the call's last one may bring a second look."""
        draft = task.draft
        placed = list(_placed(task.window, heard, draft.channels[task.window.channel]))
        draft.raw.extend(placed if draft.looks == 1 else map(_if_likely, placed))
        draft.outstanding -= 1
        while draft.outstanding == 0 and draft.looks < self._transcriber.looks:
            draft.looks += 1
            hard = draft.looks == MAX_LOOKS
            again = list(_another_look(draft, self._terms, only_rejected=hard))
            draft.outstanding = len(again)
            self._waiting.extendleft((_Task(draft, window), hard) for window in again)
        if draft.outstanding == 0:
            self._done.append(draft)

    def finished(self) -> Iterator[tuple[int, CallTranscript]]:
        while self._done:
            draft = self._done.pop()
            yield draft.place, _finished(draft, self._terms)

    def _prepare_more(self) -> bool:
        """Finds the speech of the next few calls; False when there is none left."""
        drafts = [_Draft(place, channels) for place, channels in islice(self._calls, CALLS_AHEAD)]
        self._exhausted = not drafts
        detected = iter(
            self._transcriber.detector.detect_all([channel.samples for draft in drafts for channel in draft.channels])
        )
        for draft in drafts:
            draft.speech, draft.has_echo = _own_speech(draft.channels, [next(detected) for _ in draft.channels])
            windows = [
                window
                for at, (channel, spans) in enumerate(zip(draft.channels, draft.speech, strict=True))
                for window in pack(spans, duration_s=len(channel.samples) / SAMPLE_RATE, channel=at)
            ]
            draft.language = self._transcriber.language or self._transcriber.detect_language(draft.channels, windows)
            draft.outstanding = len(windows)
            self._waiting.extend((_Task(draft, window), False) for window in windows)
            if not windows:
                self._done.append(draft)
        return bool(drafts)


def _if_likely(segment: Segment) -> Segment:
    """A later look's segment, rejected when the recogniser itself doubts it: it has heard the place badly before."""
    doubted = segment.avg_logprob is not None and segment.avg_logprob < MIN_LATER_LOGPROB
    return replace(segment, dropped="unlikely") if doubted else segment


def _own_speech(channels: "Sequence[Channel]", speech: Sequence[Sequence[Span]]) -> tuple[list[tuple[Span, ...]], bool]:
    """Per channel its speech without the other side's echo, and whether there was any."""
    echoes = find_echo([channel.samples for channel in channels], speech)
    own = [tuple(without(spans, echo)) for spans, echo in zip(speech, echoes, strict=True)]
    return own, any(echoes)


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


def _another_look(draft: _Draft, terms: Sequence[str], *, only_rejected: bool) -> Iterator[Window]:
    """Windows of the speech that got no text, or only of that whose text was rejected."""
    for at, (channel, spans) in enumerate(zip(draft.channels, draft.speech, strict=True)):
        guarded = guard(_of_channel(draft, channel), spans, vocabulary=terms)
        lost = without(spans, without(spans, lost_speech(guarded, spans)))  # only what is speech in it
        if only_rejected:
            rejected = union([Span(s.start, s.end) for s in guarded if s.dropped is not None])
            lost = [span for span in lost if any(r.start < span.end and span.start < r.end for r in rejected)]
        yield from pack(lost, duration_s=len(channel.samples) / SAMPLE_RATE, channel=at)


def _of_channel(draft: _Draft, channel: "Channel") -> list[Segment]:
    return sorted((s for s in draft.raw if s.channel == channel.index), key=lambda s: (s.start, s.end))


def _finished(draft: _Draft, terms: Sequence[str]) -> CallTranscript:
    segments: list[Segment] = []
    lost: list[tuple[Span, ...]] = []
    for channel, spans in zip(draft.channels, draft.speech, strict=True):
        guarded = guard(_of_channel(draft, channel), spans, vocabulary=terms)
        segments.extend(guarded)
        lost.append(tuple(lost_speech(guarded, spans)))
    segments.sort(key=lambda s: (s.start, s.end))
    found = {"echo_removed": draft.has_echo, "speech_lost": any(lost)}
    flags = tuple(flag for flag, is_so in found.items() if is_so)
    return CallTranscript(tuple(segments), tuple(draft.speech), tuple(lost), flags, draft.language)
