"""Who is on which channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from coach.config import InboxConfig
from coach.errors import InputError
from coach.types import Role
from ingest.audio import Audio
from ingest.inbox import Recording

_BLOCK = 1 << 20
_SAME_CORRELATION = 0.999
_SAME_GAIN = 2.0
"""Two channels are one sound when they correlate like this and neither is more than 6 dB louder."""
_SILENT_RMS = 1.0
"""Of int16 full scale: nothing but rounding noise."""
_UNEQUAL_S, _UNEQUAL_SHARE = 5.0, 0.05
_ORDER: tuple[Role, Role] = ("agent", "customer")


@dataclass(frozen=True, slots=True)
class Channel:
    """One person's side of a call, or a mix of both where the role is unknown."""

    index: int
    role: Role
    samples: np.ndarray
    """int16 at 16 kHz, shape (n,), a view of a file; all channels of a call have one length."""


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
    if are_same_sound(*sounds):
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
