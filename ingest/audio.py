"""Sound in and out: any recording to 16 kHz PCM files, and PCM to the copy that browsers play.

Decoding runs in a subprocess bounded in memory, time and output (`ingest.decoder`), because libav parses hostile
bytes. Encoding only ever sees our own PCM and runs here.
"""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from coach.config import InboxConfig
from coach.errors import InputError, StoreError
from ingest.decoder import BYTES_PER_SAMPLE, SAMPLE_RATE, Request
from ingest.fields import shown_text

_BITRATE = 48_000
"""Of both channels together: transparent for telephone speech, 21 MB an hour."""
_OPUS = {"application": "voip", "vbr": "constrained"}
_SILENCE_MARGIN_S = 0.03
"""Silence reaches this far beyond a span on both sides: more than the 26.5 ms that one Opus frame and its look-ahead
can smear a sound over."""
_BLOCK = 10 * SAMPLE_RATE
_NEEDED_ENVIRONMENT = ("PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Audio:
    """A decoded recording: one headerless int16 file a channel, 16 kHz, all of one length."""

    pcm: Path
    """Channel i lies in `<pcm>.<i>`."""
    channels: int
    samples: int
    """Per channel, at 16 kHz."""
    source_rate: int
    source_channels: int
    claimed_s: float | None
    """The length the recording claims; None when it claims none."""
    flags: tuple[str, ...]
    """Of "truncated", "damaged", "length_corrected", "gaps_filled", "more_tracks_ignored"."""

    @property
    def duration_s(self) -> float:
        return self.samples / SAMPLE_RATE

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(Path(f"{self.pcm}.{i}") for i in range(self.channels))

    def channel(self, index: int, *, samples: int | None = None) -> np.ndarray:
        """Channel `index` as a read-only int16 memory map, shape (samples,); padded with silence to `samples`."""
        wanted = self.samples if samples is None else max(samples, self.samples)
        if self.files[index].stat().st_size < wanted * BYTES_PER_SAMPLE:
            os.truncate(self.files[index], wanted * BYTES_PER_SAMPLE)  # a hole: it reads as zeros and takes no space
        return np.memmap(self.files[index], dtype="<i2", mode="r", shape=(wanted,))

    def delete(self) -> None:
        """Removes the files; fine when they are already gone."""
        for file in self.files:
            file.unlink(missing_ok=True)


def decode(path: Path, out: Path, config: InboxConfig) -> Audio:
    """The sound of `path` as 16 kHz PCM in files named after `out`, which must lie in an existing folder.

    Channels are kept apart and in order. What decodes of a damaged recording is used and flagged. Raises InputError
    (empty_file, no_audio, undecodable, unsupported_format, too_long, timeout, unreadable) when nothing can be used,
    StoreError (disk_full) when `out` cannot take it; no file is left behind then.
    """
    source = _open_regular(path)
    try:
        answer = _run_decoder(source, path, out, config)
    finally:
        os.close(source)
    if "samples" in answer:
        answer["flags"] = tuple(answer["flags"])
        return Audio(pcm=out, **answer)
    _remove_outputs(out)
    if answer.get("errno") in _DISK_FULL:
        raise StoreError(f"{out.parent}: the disk is full; free some space and run again.", code="disk_full")
    code = answer.get("code", "unreadable")
    reason = answer["reason"] if "code" in answer else f"cannot be read ({answer['reason']})"
    raise InputError(f"{shown_text(path.name)} {reason}; {_ADVICE[code]}.", code=code)


_ADVICE = {
    "empty_file": "copy or export it again",
    "undecodable": "copy or export it again, or play it elsewhere to see whether the original is sound",
    "unsupported_format": "convert it to WAV, FLAC, MP3, M4A or Ogg",
    "no_audio": "take it out of the inbox or export it with its sound",
    "too_long": "split it, or raise max_duration_s in coach.toml",
    "timeout": "raise decode_timeout_s in coach.toml if it is sound",
    "unreadable": "check the disk and the file's permissions",
}


def _open_regular(path: Path) -> int:
    """A descriptor of `path`, which must be a regular file: opening a pipe or a device could wait for ever."""
    try:
        source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        message = f"{shown_text(path.name)} cannot be opened ({error.strerror}); {_ADVICE['unreadable']}."
        raise InputError(message, code="unreadable") from None
    if not stat.S_ISREG(os.fstat(source).st_mode):
        os.close(source)
        raise InputError(f"{shown_text(path.name)} is not a regular file; take it out of the inbox.", code="unreadable")
    return source


def _run_decoder(source: int, path: Path, out: Path, config: InboxConfig) -> dict[str, Any]:
    """The decoder's answer, or what its death says."""
    request = Request(
        input_fd=source,
        suffix=path.suffix,
        out=str(out.absolute()),
        max_duration_s=config.max_duration_s,
        memory_bytes=config.decode_memory_mb << 20,
        cpu_s=ceil(config.decode_timeout_s),
    )
    lifeline, held = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest.decoder", json.dumps(request)],
        stdin=lifeline,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(source,),
        cwd=Path(__file__).parent.parent,
        env={name: os.environ[name] for name in _NEEDED_ENVIRONMENT if name in os.environ} | {"LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )
    os.close(lifeline)
    too_slow = {"code": "timeout", "reason": f"was not decoded within {config.decode_timeout_s:g} s"}
    try:
        printed, _ = process.communicate(timeout=config.decode_timeout_s)
    except subprocess.TimeoutExpired:
        return too_slow
    finally:
        os.close(held)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode == 0:
        answer: dict[str, Any] = json.loads(printed)
        return answer
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return too_slow
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        return {"code": "undecodable", "reason": f"makes the decoder crash ({name})"}
    raise RuntimeError(f"the decoder did not start (exit code {process.returncode}): run `coach doctor`")


def _remove_outputs(out: Path) -> None:
    for file in out.parent.glob(f"{_escaped(out.name)}.[0-9]"):
        file.unlink(missing_ok=True)


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def encode_copy(audio_channels: Sequence[np.ndarray], out: Path, silence: Sequence[tuple[float, float]]) -> None:
    """Writes a two-channel Ogg/Opus file of one or two int16 channels at 16 kHz; one channel goes to both sides.

    Unequal lengths are padded with silence. Each span (start, end) of `silence`, in seconds, is zero on both
    channels, with a margin on either side. `out` appears only when complete. Raises StoreError (disk_full).
    """
    import av

    partial = out.with_name(out.name + ".part")
    try:
        with av.open(str(partial), "w", format="ogg") as container:
            stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout="stereo", options=_OPUS)
            stream.bit_rate = _BITRATE
            for start, block in _stereo_blocks(audio_channels, silence):
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
                frame.sample_rate = SAMPLE_RATE
                frame.pts = start
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        os.replace(partial, out)
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise StoreError(f"{out.parent}: the disk is full; free some space.", code="disk_full") from error
        raise
    finally:
        partial.unlink(missing_ok=True)


def _stereo_blocks(
    channels: Sequence[np.ndarray], silence: Sequence[tuple[float, float]]
) -> Iterator[tuple[int, np.ndarray]]:
    """(first sample, interleaved int16 block of shape (1, 2 n)) in order; at least one block."""
    if len(channels) not in (1, 2):
        raise ValueError(f"a kept copy has one or two channels, not {len(channels)}")
    total = max(len(channel) for channel in channels)
    spans = [
        (int((start - _SILENCE_MARGIN_S) * SAMPLE_RATE), ceil((end + _SILENCE_MARGIN_S) * SAMPLE_RATE))
        for start, end in silence
    ]
    for start in range(0, max(total, 1), _BLOCK):
        block = np.zeros((max(min(_BLOCK, total - start), 1), 2), np.int16)
        for side in (0, 1):
            part = channels[side % len(channels)][start : start + _BLOCK]
            block[: len(part), side] = part
        for first, last in spans:
            block[max(first - start, 0) : max(last - start, 0)] = 0
        yield start, block.reshape(1, -1)
