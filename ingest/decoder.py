"""Decodes one recording to 16 kHz PCM; the program that runs in the bounded subprocess of `ingest.audio`.

`python -m ingest.decoder REQUEST` takes a JSON request (see `Request`), writes one headerless int16 file a channel
and prints one JSON object: {"samples": ..., ...} or {"code": ..., "reason": ...}. It reads nothing but the file
descriptor it was given: the demuxer is forced to the container found by `ingest.sniff`, may not open anything
itself, and once the outputs are open the process cannot open any file or socket at all.
"""

import json
import math
import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, NoReturn, TypedDict

from ingest.claims import read_claim
from ingest.sniff import DEMUXERS, container_of

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2
MIN_RATE, MAX_RATE = 4_000, 192_000
MAX_CHANNELS = 8
GAP_S = 0.1
"""A hole this long between time stamps (packets lost, a pause not recorded) is filled with silence, so that times
stay those of the recording and both sides stay together."""
MAX_GAP_S = 3600.0
"""A longer hole is taken for a damaged time stamp and closed."""
TIMED_CONTAINERS = ("mov", "matroska", "ogg")
"""Containers whose time stamps were recorded; those of the others are computed and can hold no gap."""
CODECS = (
    "aac", "aac_latm", "adpcm_g722", "adpcm_g726", "adpcm_g726le", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms",
    "adpcm_yamaha", "alac", "amrnb", "amrwb", "flac", "g722", "g723_1", "g729", "gsm", "gsm_ms", "libopus",
    "libspeex", "mp2", "mp2float", "mp3", "mp3float", "opus", "pcm_alaw", "pcm_f32be", "pcm_f32le", "pcm_f64be",
    "pcm_f64le", "pcm_mulaw", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le", "pcm_s32be", "pcm_s32le", "pcm_s8",
    "pcm_u8", "speex", "truespeech", "vorbis",
)  # fmt: skip


class Request(TypedDict):
    input_fd: int
    suffix: str
    out: str
    """Channel i is written to `<out>.<i>`."""
    max_duration_s: float
    memory_bytes: int
    cpu_s: int


class Decoded(TypedDict):
    samples: int
    channels: int
    source_rate: int
    source_channels: int
    claimed_s: float | None
    flags: list[str]


class Refused(Exception):
    """The recording cannot be used. `reason` completes the sentence "<file> ..."."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Sink:
    """Resamples frames to 16 kHz and appends them to one file a channel, never more than `max_samples`."""

    def __init__(self, files: list[BinaryIO], max_samples: int) -> None:
        self.files = files
        self.max_samples = max_samples
        self.samples = 0
        self._resampler: AudioResampler | None = None
        self._kind: tuple[int, str] | None = None

    def put(self, frame: "AudioFrame") -> None:
        from av.audio.resampler import AudioResampler

        kind = (frame.sample_rate, frame.format.name)
        if kind != self._kind:
            self.flush()
            self._kind = kind
            self._resampler = AudioResampler(format="s16p", rate=SAMPLE_RATE)
        assert self._resampler is not None
        frame.pts = None
        self._write(self._resampler.resample(frame))

    def put_silence(self, duration_s: float) -> None:
        """Zeros on every channel, as far as the length limit allows."""
        self.flush()
        left = min(round(duration_s * SAMPLE_RATE), self.max_samples - self.samples)
        self.samples += left
        while left > 0:
            block = bytes(min(left, SAMPLE_RATE) * BYTES_PER_SAMPLE)
            for file in self.files:
                file.write(block)
            left -= SAMPLE_RATE

    def flush(self) -> None:
        """Writes what the resampler still holds back (its delay)."""
        if self._resampler is not None:
            self._write(self._resampler.resample(None))
        self._resampler = self._kind = None

    def _write(self, frames: "list[AudioFrame]") -> None:
        for frame in frames:
            self.samples += frame.samples
            if self.samples > self.max_samples:
                hours = self.max_samples / SAMPLE_RATE / 3600
                raise Refused("too_long", f"is longer than the {hours:g} hours that are allowed (max_duration_s)")
            # Not strict: of a frame with eight channels, av 18.1 counts too many planes (it looks for a null pointer).
            for file, plane in zip(self.files, frame.planes, strict=False):
                file.write(memoryview(plane)[: frame.samples * BYTES_PER_SAMPLE])


def decode(request: Request) -> Decoded:
    """Decodes the open file descriptor of `request`. Raises Refused, or OSError when an output cannot be written."""
    source = os.fdopen(request["input_fd"], "rb", buffering=0)
    if source.seek(0, os.SEEK_END) == 0:
        raise Refused("empty_file", "is empty (0 bytes)")
    container = container_of(source, request["suffix"])
    if container is None:
        raise Refused("unsupported_format", "is not sound in a format that is accepted, whatever its name says")
    claim = read_claim(source, container)
    with ExitStack() as stack:
        opened = stack.enter_context(_open(source, container, ignore_length=claim.too_short))
        stream = _sound_of(opened)
        channels = stream.codec_context.layout.nb_channels
        files = [stack.enter_context(open(f"{request['out']}.{i}", "wb", 1 << 18)) for i in range(channels)]
        sink = Sink(files, int(request["max_duration_s"] * SAMPLE_RATE))
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        rate = stream.codec_context.sample_rate
        claimed_s = claim.duration_s if container in ("wav", "mp3") else _claimed_s(opened, stream, container)
        flags, decoded_s = _pump(opened, stream, sink, timed=container in TIMED_CONTAINERS)
    if sink.samples == 0:
        if "damaged" in flags or claimed_s:
            raise Refused("undecodable", "claims to hold sound, but none of it can be decoded")
        raise Refused("empty_file", "has a header but no sound behind it")
    if claim.too_short:
        flags.append("length_corrected")
    elif claim.cut or (claimed_s is not None and claimed_s - decoded_s > max(1.0, 0.01 * claimed_s)):
        flags.append("truncated")
    return Decoded(
        samples=sink.samples,
        channels=channels,
        source_rate=rate,
        source_channels=channels,
        claimed_s=claimed_s,
        flags=flags,
    )


def _open(source: BinaryIO, container: str, *, ignore_length: bool) -> "InputContainer":
    import av

    options = {
        "format_whitelist": ",".join(DEMUXERS),
        "codec_whitelist": ",".join(CODECS),
        "protocol_whitelist": "file",
    }
    if container in ("mulaw", "alaw", "gsm", "s16le"):
        options["sample_rate"] = "8000"
    if ignore_length:
        options["ignore_length"] = "1"
    try:
        return av.open(
            source,
            "r",
            format=container,
            io_open=_deny,
            buffer_size=1 << 16,
            container_options=options,
            metadata_errors="replace",
        )
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, MemoryError):
            raise
        raise Refused("undecodable", "is damaged: its header cannot be read") from error


def _deny(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    """Called when a demuxer wants to open something beside its input."""
    raise PermissionError(f"a recording may not open {url!r}")


def _sound_of(opened: "InputContainer") -> "AudioStream":
    """The first sound track, its rate and channels within bounds."""
    if not opened.streams.audio:
        what = "is a video without sound" if opened.streams.video else "holds no sound"
        raise Refused("no_audio", what)
    stream = opened.streams.audio[0]
    context = stream.codec_context
    if context is None or context.name not in CODECS:
        name = "unknown" if context is None else context.name
        raise Refused("unsupported_format", f"uses the codec {name!r}, which is not accepted")
    _check_bounds(context.sample_rate, context.layout.nb_channels)
    context.thread_count = 1
    return stream


def _check_bounds(rate: int, channels: int) -> None:
    if not MIN_RATE <= rate <= MAX_RATE:
        reason = f"claims {rate} samples a second; {MIN_RATE} to {MAX_RATE} are accepted"
        raise Refused("unsupported_format", reason)
    if not 1 <= channels <= MAX_CHANNELS:
        raise Refused("unsupported_format", f"has {channels} channels; 1 to {MAX_CHANNELS} are accepted")


def _claimed_s(opened: "InputContainer", stream: "AudioStream", container: str) -> float | None:
    """What the container says of its length; None where libav would only estimate it from the bit rate."""
    if container not in ("w64", "aiff", "au", "caf", "flac", "mov", "matroska", "ogg", "nistsphere"):
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if opened.duration is None else opened.duration / 1_000_000


def _pump(opened: "InputContainer", stream: "AudioStream", sink: Sink, *, timed: bool) -> tuple[list[str], float]:
    """Moves all sound into `sink`: the flags raised on the way, and the seconds of sound including filled gaps."""
    channels = stream.codec_context.layout.nb_channels
    flags: dict[str, None] = {"more_tracks_ignored": None} if len(opened.streams.audio) > 1 else {}
    position_s, origin_s = 0.0, math.nan
    for frame in _frames(opened, stream, flags):
        if frame.layout.nb_channels != channels or not MIN_RATE <= frame.sample_rate <= MAX_RATE:
            flags["truncated"] = None  # the sound changes its shape on the way: what follows cannot be joined
            break
        if timed and frame.pts is not None and frame.time_base is not None:
            time_s = float(frame.pts * frame.time_base)
            gap_s = time_s - origin_s - position_s
            if not abs(gap_s) <= MAX_GAP_S or gap_s < -1.0:  # the first frame (NaN), or a jump of the clock
                origin_s = time_s - position_s
            elif gap_s > GAP_S:
                sink.put_silence(gap_s)
                position_s += gap_s
                flags["gaps_filled"] = None
        position_s += frame.samples / frame.sample_rate
        sink.put(frame)
    sink.flush()
    return list(flags), position_s


def _frames(opened: "InputContainer", stream: "AudioStream", flags: dict[str, None]) -> Iterator["AudioFrame"]:
    """Every frame that decodes; sets the flag "damaged" where something does not."""
    import av

    packets = opened.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except MemoryError:
            raise
        except av.FFmpegError:
            flags["damaged"] = None
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except MemoryError:
            raise
        except av.FFmpegError:
            flags["damaged"] = None


def _leave_with_parent() -> None:
    """Ends this process when the parent, holding the other end of stdin, is gone."""
    os.read(0, 1)
    os._exit(1)


def main() -> None:
    """Runs one request from the command line; exit code 0 whenever a JSON answer was printed."""
    request: Request = json.loads(sys.argv[1])
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_AS, (request["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (request["cpu_s"], request["cpu_s"] + 5))
    largest = int(request["max_duration_s"] + 60) * SAMPLE_RATE * BYTES_PER_SAMPLE
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    answer: object
    try:
        answer = decode(request)
    except Refused as refused:
        answer = {"code": refused.code, "reason": refused.reason}
    except MemoryError:
        megabytes = request["memory_bytes"] >> 20
        answer = {"code": "undecodable", "reason": f"needs more than the {megabytes} MB allowed for decoding"}
    except Exception as error:  # a hostile file may break libav or PyAV anywhere: it must harm only itself
        if isinstance(error, OSError) and not type(error).__module__.startswith("av"):
            answer = {"errno": error.errno, "reason": error.strerror}
        else:
            answer = {"code": "undecodable", "reason": f"makes the decoder fail ({type(error).__name__})"}
    print(json.dumps(answer), flush=True)
    os._exit(0)  # leave the thread that waits for the parent


if __name__ == "__main__":
    main()
