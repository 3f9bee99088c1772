"""Who is on which channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from coach.config import InboxConfig
from coach.errors import InputError
from coach.types import Role
from ingest.audio import Audio
from ingest.coherence import DelayFinder, at_half_rate, likeness
from ingest.inbox import Recording
from ingest.speech import SAMPLE_RATE

_BLOCK = 1 << 20
_SAME_CORRELATION = 0.999
_SAME_GAIN = 2.0
"""Two channels are one sound when they correlate like this and neither is more than 6 dB louder."""
_SILENT_RMS = 1.0
"""Of int16 full scale: nothing but rounding noise."""
_PIECES, _PIECE_S, _SEARCHED = 24, 4.0, 8
"""A copy is looked for in the loudest of every 8 stretches of 4 s, in 24 places spread over the recording."""
_QUIET = 0.03
"""Of the loudest piece's level: a quieter one holds nobody's voice and says nothing."""
_PROMINENT = 8.0  # as in `ingest.echo`
_COPY_SHARE, _COPY_PIECES = 0.7, 0.9
_COPY_GAIN, _STEADY_GAIN = 2.8, 1.6
"""A copy is less than 9 dB from its source (an echo 10 and more), and by the same gain within 4 dB everywhere."""
_UNEQUAL_S, _UNEQUAL_SHARE = 5.0, 0.05
_ORDER: tuple[Role, Role] = ("agent", "customer")


@dataclass(frozen=True, slots=True)
class Channel:
    """One person's side of a call, or a mix of both where the role is unknown."""

    index: int
    role: Role
    samples: np.ndarray
    """int16 at 16 kHz, shape (n,), a view of a file; all channels of a call have one length."""

    def __reduce__(self) -> tuple[object, ...]:
        """Another process opens the same file: hours of sound are not copied."""
        if isinstance(self.samples, np.memmap) and self.samples.filename is not None and self.samples.offset == 0:
            return _reopened, (self.index, self.role, str(self.samples.filename), len(self.samples))
        return Channel, (self.index, self.role, self.samples)


def _reopened(index: int, role: Role, file: str, samples: int) -> Channel:
    return Channel(index, role, np.memmap(file, dtype="<i2", mode="r", shape=(samples,)))


def assign(audios: Sequence[Audio], recording: Recording, config: InboxConfig) -> tuple[list[Channel], tuple[str, ...]]:
    """The channels of one call with their roles, and flags; `audios` are in the order of `recording.paths`.

    Flags: "mono", "duplicated_mono" (two channels with one sound: both become one channel of unknown role),
    "one_sided", "silent_channel", "sides_differ_in_length", "second_channel_ignored", and those of the audios.
    Channels beyond two count only if they hold sound of their own. Raises InputError (too_many_channels) for more
    than two of those.
    """
    flags = [flag for audio in audios for flag in audio.flags]
    if recording.layout == "single":
        channels, more = _of_single(audios[0], recording, config)
    elif recording.layout == "lone":
        samples, more = _one_side(audios[0])
        channels, more = [Channel(0, recording.lone_role or "unknown", samples)], ["one_sided", *more]
    else:
        channels, more = _of_pair(audios)
    return channels, tuple(dict.fromkeys(flags + more))


def _of_single(audio: Audio, recording: Recording, config: InboxConfig) -> tuple[list[Channel], list[str]]:
    sounds = [audio.channel(i) for i in range(audio.channels)]
    if len(sounds) > 2:
        sounds = _distinct(sounds)
        if len(sounds) > 2:
            message = f"{recording.name} has {len(sounds)} channels of different sound; export it with one or two."
            raise InputError(message, code="too_many_channels")
    if len(sounds) == 1:
        return [Channel(0, "unknown", sounds[0])], ["mono" if audio.channels == 1 else "duplicated_mono"]
    if are_same_sound(*sounds):
        return [Channel(0, "unknown", sounds[0])], ["duplicated_mono"]
    roles = _ORDER if config.agent_channel == 0 else _ORDER[::-1]
    channels = [Channel(i, role, sound) for i, (role, sound) in enumerate(zip(roles, sounds, strict=True))]
    return channels, ["silent_channel"] if any(map(is_silent, sounds)) else []


def _of_pair(audios: Sequence[Audio]) -> tuple[list[Channel], list[str]]:
    longest = max(audio.samples for audio in audios)
    shortest = min(audio.duration_s for audio in audios)
    flags: list[str] = []
    sounds = []
    for audio in audios:
        sound, more = _one_side(audio, samples=longest)
        sounds.append(sound)
        flags += more
    difference_s = max(audio.duration_s for audio in audios) - shortest
    if difference_s > max(_UNEQUAL_S, _UNEQUAL_SHARE * shortest):
        flags.append("sides_differ_in_length")
    if are_same_sound(*sounds) or are_copies(*sounds):
        return [Channel(0, "unknown", sounds[0])], [*flags, "duplicated_mono"]
    if any(map(is_silent, sounds)):
        flags.append("silent_channel")
    return [Channel(i, role, sound) for i, (role, sound) in enumerate(zip(_ORDER, sounds, strict=True))], flags


def _one_side(audio: Audio, *, samples: int | None = None) -> tuple[np.ndarray, list[str]]:
    """The one channel of a side's file; of several with different sound, the loudest, flagged."""
    sounds = [audio.channel(i, samples=samples) for i in range(audio.channels)]
    distinct = _distinct(sounds) if len(sounds) > 1 else sounds
    flags = ["second_channel_ignored"] if len(distinct) > 1 else []
    return max(distinct, key=_rms), flags


def _distinct(sounds: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Channels with a sound of their own, in order; the first when all are silent."""
    kept: list[np.ndarray] = []
    for sound in sounds:
        if not is_silent(sound) and not any(are_same_sound(sound, other) for other in kept):
            kept.append(sound)
    return kept or [sounds[0]]


def is_silent(sound: np.ndarray) -> bool:
    """Whether a channel holds digital silence (a constant counts as silence)."""
    return _rms(sound) < _SILENT_RMS


def are_same_sound(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two int16 channels of one length are one sound, up to coding noise, polarity and a little gain.

    False when either is silent: a silent channel is a side on which nobody spoke, not a copy.
    """
    n = len(a)
    sums = np.zeros(5)
    for x, y in zip(_blocks(a), _blocks(b), strict=True):
        sums += (x.sum(), y.sum(), x @ x, y @ y, x @ y)
    if n == 0:
        return False
    mean_x, mean_y = sums[:2] / n
    var_x, var_y, covariance = sums[2] / n - mean_x**2, sums[3] / n - mean_y**2, sums[4] / n - mean_x * mean_y
    if min(var_x, var_y) < _SILENT_RMS**2:
        return False
    gain = sqrt(var_x / var_y)
    return bool(abs(covariance) / sqrt(var_x * var_y) > _SAME_CORRELATION and 1 / _SAME_GAIN <= gain <= _SAME_GAIN)


def are_copies(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two int16 channels of one length hold one sound that came by two ways: codecs, delay (to 0.6 s), gain.

    True when each explains the other (`ingest.coherence`) everywhere and by the same gain. One person's echo in the
    other's channel differs from that: it is quieter, and what the other says is not in it.
    """
    pieces = _loud_pieces(a, b)
    finder = DelayFinder(_PIECE_S)
    for start in pieces:
        finder.add(*(at_half_rate(sound[start : start + round(_PIECE_S * SAMPLE_RATE)]) for sound in (a, b)))
    delay_s, prominence = max(finder.peaks(), key=lambda peak: peak[1])
    if not pieces or prominence < _PROMINENT:
        return False
    likenesses = [_likeness_at(a, b, start, round(delay_s * SAMPLE_RATE)) for start in pieces]
    shares, gains = np.array([share for share, _ in likenesses]), np.array([gain for _, gain in likenesses])
    usual = float(np.median(gains))
    if not 1 / _COPY_GAIN < usual < _COPY_GAIN:
        return False
    alike = (shares > _COPY_SHARE) & (gains < usual * _STEADY_GAIN) & (gains > usual / _STEADY_GAIN)
    return bool(np.mean(alike) >= _COPY_PIECES)


def _loud_pieces(a: np.ndarray, b: np.ndarray) -> list[int]:
    """First samples of stretches in which both channels together are loud, spread over the recording."""
    length, found = round(_PIECE_S * SAMPLE_RATE), list[tuple[float, int]]()
    step = max(length, len(a) // (_PIECES * _SEARCHED))
    starts = range(0, max(len(a) - length, 0) + 1, step)
    for first in range(0, len(starts), _SEARCHED):
        found.append(max((_level(a, at) + _level(b, at), at) for at in starts[first : first + _SEARCHED]))
    loudest = max(level for level, _ in found)
    return [at for level, at in found if level > max(_QUIET * loudest, _SILENT_RMS)]


def _level(sound: np.ndarray, start: int) -> float:
    # As a plain array: `_rms` would read all of a memory map's file.
    return _rms(np.asarray(sound[start : start + round(_PIECE_S * SAMPLE_RATE)]))


def _likeness_at(a: np.ndarray, b: np.ndarray, start: int, delay: int) -> tuple[float, float]:
    """(share of energy that each explains of the other, whichever is less; gain from `a` to `b`) of one piece.

    Both are means over the piece's frames, each counting with how loud it is.
    """
    first = max(start, start + delay, 0)
    last = min(start, start + delay, len(a) - round(_PIECE_S * SAMPLE_RATE)) + round(_PIECE_S * SAMPLE_RATE)
    x, y = at_half_rate(a[first - delay : last - delay]), at_half_rate(b[first:last])
    forth, back = likeness(x, y), likeness(y, x)
    if not forth.power.sum() or not back.power.sum():
        return 0.0, 0.0
    share = min(np.average(forth.share, weights=forth.power), np.average(back.share, weights=back.power))
    return float(share), float(np.average(forth.gain, weights=forth.power))


def _blocks(sound: np.ndarray) -> Iterator[np.ndarray]:
    """The sound as float64, a minute at a time; a whole memory map by way of its file, so that no page stays mapped
    and ten hours take no more memory than one minute."""
    if isinstance(sound, np.memmap) and sound.filename is not None:
        with open(sound.filename, "rb") as file:
            while len(block := np.fromfile(file, sound.dtype, _BLOCK)):
                yield block.astype(np.float64)
    else:
        for start in range(0, len(sound), _BLOCK):
            yield sound[start : start + _BLOCK].astype(np.float64)


def _rms(sound: np.ndarray) -> float:
    """Root mean square about the mean; 0 of an empty channel."""
    total = squares = 0.0
    for x in _blocks(sound):
        total += float(x.sum())
        squares += float(x @ x)
    return sqrt(max(squares / len(sound) - (total / len(sound)) ** 2, 0.0)) if len(sound) else 0.0
