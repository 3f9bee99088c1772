"""Decoding in the bounded subprocess and writing the kept copy: channels, formats, damage, video."""

import os
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from sounds import RATE, Write, decoded, dominant_hz, refused, tone, wav, wav_header, write_with_av

from ingest.audio import encode_copy


def test_channels_keep_their_order_and_length(put: Write, tmp_path: Path) -> None:
    audio = decoded(put("a.wav", wav(tone(500, 2), tone(1200, 2))), tmp_path)
    assert (audio.channels, audio.samples, audio.source_rate, audio.flags) == (2, 2 * RATE, 8000, ())
    assert audio.claimed_s == 2.0
    for i, hz in enumerate((500, 1200)):
        samples = audio.channel(i)
        assert samples.dtype == np.int16
        assert samples.shape == (2 * RATE,)
        assert abs(dominant_hz(samples) - hz) < 1
        assert abs(np.abs(samples[RATE:]).max() - 8000) < 200
    audio.delete()
    assert not any(file.exists() for file in audio.files)


def test_eight_channels_are_not_mixed(put: Write, tmp_path: Path) -> None:
    tones = [300 + 150 * i for i in range(8)]
    audio = decoded(put("a.wav", wav(*(tone(hz, 1) for hz in tones))), tmp_path)
    assert [round(dominant_hz(audio.channel(i))) for i in range(8)] == tones


def test_resampling_keeps_time_and_loses_no_tail(put: Write, tmp_path: Path) -> None:
    """A click near the start and one 5 ms before the end are found where they were."""
    for rate in (8000, 11025, 16000, 44100, 48000):
        samples = np.zeros(rate * 3, "<i2")
        clicks = (rate // 2, len(samples) - rate // 200)
        samples[list(clicks)] = 20000
        audio = decoded(put(f"{rate}.wav", wav(samples, rate=rate)), tmp_path)
        got = np.abs(audio.channel(0).astype(int))
        assert abs(audio.samples - 3 * RATE) <= 1
        half = 2 * RATE
        assert abs(int(got[:half].argmax()) - RATE // 2) <= 1
        assert abs(half + int(got[half:].argmax()) - (3 * RATE - RATE // 200)) <= 1


@pytest.mark.parametrize(
    ("name", "container", "codec", "rate", "fmt"),
    [
        ("a.mp3", "mp3", "libmp3lame", 16000, "s16p"),
        ("a.m4a", "mp4", "aac", 16000, "fltp"),
        ("a.ogg", "ogg", "libopus", 16000, "s16"),
        ("a.webm", "webm", "libopus", 48000, "s16"),
        ("a.flac", "flac", "flac", 8000, "s16"),
        ("a.aac", "adts", "aac", 16000, "fltp"),
        ("a.mkv", "matroska", "pcm_s16le", 8000, "s16"),
        ("a.au", "au", "pcm_mulaw", 8000, "s16"),
        ("a.aiff", "aiff", "pcm_s16be", 8000, "s16"),
        ("a.caf", "caf", "pcm_alaw", 8000, "s16"),
        ("a.w64", "w64", "pcm_s16le", 8000, "s16"),
        ("g711.wav", "wav", "pcm_mulaw", 8000, "s16"),
        ("adpcm.wav", "wav", "adpcm_ima_wav", 8000, "s16p"),
    ],
)
def test_format_decodes_under_any_name(
    name: str, container: str, codec: str, rate: int, fmt: str, tmp_path: Path
) -> None:
    left, right = tone(500, 3, rate), tone(1200, 3, rate)
    path = write_with_av(tmp_path / name, container, codec, rate, [left, right], fmt)
    for named in (path, path.rename(tmp_path / "renamed.wav")):
        path = named
        if not path.exists():
            continue
        audio = decoded(path, tmp_path)
        assert audio.flags == ()
        assert abs(audio.duration_s - 3) < 0.15
        assert abs(dominant_hz(audio.channel(0)) - 500) < 5
        assert abs(dominant_hz(audio.channel(1)) - 1200) < 5


@pytest.mark.parametrize(("suffix", "codec"), [(".ulaw", "pcm_mulaw"), (".al", "pcm_alaw"), (".sln", "pcm_s16le")])
def test_headerless_telephone_sound_is_read_by_suffix(suffix: str, codec: str, tmp_path: Path) -> None:
    container = {"pcm_mulaw": "mulaw", "pcm_alaw": "alaw", "pcm_s16le": "s16le"}[codec]
    path = write_with_av(tmp_path / f"a{suffix}", container, codec, 8000, [tone(500, 2)], "s16")
    audio = decoded(path, tmp_path)
    assert (audio.channels, audio.source_rate, audio.samples) == (1, 8000, 2 * RATE)
    assert abs(dominant_hz(audio.channel(0)) - 500) < 1


def test_shorter_than_claimed_is_flagged(put: Write, tmp_path: Path) -> None:
    data = tone(500, 10).tobytes()
    audio = decoded(put("half.wav", wav_header(2 * len(data)) + data), tmp_path)
    assert (audio.duration_s, audio.claimed_s, audio.flags) == (10.0, 20.0, ("truncated",))
    almost = decoded(put("almost.wav", wav_header(len(data) + 8000) + data), tmp_path)
    assert almost.flags == ()


@pytest.mark.parametrize("claim", [0, 0xFFFFFFFF])
def test_unfinished_header_claims_nothing(claim: int, put: Write, tmp_path: Path) -> None:
    audio = decoded(put("stream.wav", wav_header(claim) + tone(500, 3).tobytes()), tmp_path)
    assert (audio.duration_s, audio.claimed_s, audio.flags) == (3.0, None, ())


def test_sound_behind_a_claim_that_is_too_short_is_not_lost(put: Write, tmp_path: Path) -> None:
    audio = decoded(put("short.wav", wav_header(1600) + tone(500, 5).tobytes()), tmp_path)
    assert audio.duration_s == 5.0
    assert audio.flags == ("length_corrected",)


def test_chunk_behind_the_sound_is_no_sound(put: Write, tmp_path: Path) -> None:
    trailer = b"LIST" + struct.pack("<I", 40_000) + b"INFO" + bytes(39_996)
    audio = decoded(put("listed.wav", wav(tone(500, 2)) + trailer), tmp_path)
    assert (audio.duration_s, audio.flags) == (2.0, ())


@pytest.mark.parametrize(
    ("name", "container", "codec", "fmt"),
    [
        ("a.mp3", "mp3", "libmp3lame", "s16p"),
        ("a.flac", "flac", "flac", "s16"),
        ("a.mkv", "matroska", "libopus", "s16"),
    ],
)
def test_cut_off_file_is_used_and_flagged(name: str, container: str, codec: str, fmt: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sound = rng.integers(-6000, 6000, 20 * RATE).astype("<i2")
    path = write_with_av(tmp_path / name, container, codec, RATE, [sound], fmt)
    os.truncate(path, path.stat().st_size // 2)
    audio = decoded(path, tmp_path)
    assert "truncated" in audio.flags
    assert 8 < audio.duration_s < 12
    assert audio.claimed_s is not None
    assert abs(audio.claimed_s - 20) < 0.2


def test_damage_in_the_middle_costs_only_the_middle(tmp_path: Path) -> None:
    path = write_with_av(tmp_path / "a.mkv", "matroska", "flac", RATE, [tone(500, 20, RATE)], "s16")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)
    audio = decoded(path, tmp_path)
    assert audio.duration_s > 15
    assert abs(dominant_hz(audio.channel(0)[-2 * RATE :]) - 500) < 2


def test_pause_in_the_time_stamps_stays_a_pause(tmp_path: Path) -> None:
    """A browser's recorder leaves holes where packets were lost; both sides must stay on one clock."""
    path = tmp_path / "a.webm"
    with av.open(str(path), "w", format="webm") as out:
        stream = out.add_stream("libopus", rate=48000, layout="mono")
        sound = np.concatenate([tone(500, 2, 48000), tone(1200, 2, 48000)]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
        frame.sample_rate = 48000
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            assert packet.pts is not None
            if packet.pts >= 2 * 48000:
                packet.pts = packet.dts = packet.pts + 5 * 48000
            out.mux(packet)
    audio = decoded(path, tmp_path)
    assert "gaps_filled" in audio.flags
    assert abs(audio.duration_s - 9) < 0.2
    assert np.abs(audio.channel(0)[3 * RATE : 6 * RATE]).max() == 0
    assert abs(dominant_hz(audio.channel(0)[int(7.3 * RATE) : int(8.8 * RATE)]) - 1200) < 5


def test_video_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    assert refused(path, tmp_path).code == "no_audio"


def test_sound_of_a_video_is_used(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sound = out.add_stream("aac", rate=RATE, layout="mono")
        for _ in range(20):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            out.mux(video.encode(picture.reformat(format="yuv420p")))
        samples = tone(500, 2, RATE).astype(np.float32).reshape(1, -1) / 32768
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = RATE
        out.mux(sound.encode(frame))
        for stream in (video, sound):
            out.mux(stream.encode(None))
    audio = decoded(path, tmp_path)
    assert abs(dominant_hz(audio.channel(0)) - 500) < 5


def read_copy(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1)


def test_kept_copy_has_the_length_and_the_sides(tmp_path: Path) -> None:
    left, right = tone(500, 61.5, RATE), tone(1200, 60, RATE)
    encode_copy([left, right], tmp_path / "copy.ogg", [])
    copy = read_copy(tmp_path / "copy.ogg")
    assert abs(copy.shape[1] / 48000 - 61.5) < 0.05
    for side, hz in enumerate((500, 1200)):
        assert abs(dominant_hz(copy[side, 48000 * 5 : 48000 * 15], 48000) - hz) < 2
    assert (tmp_path / "copy.ogg").stat().st_size < 61.5 * 8000
    assert [path.name for path in tmp_path.iterdir()] == ["copy.ogg"]


def test_one_channel_is_heard_on_both_sides(tmp_path: Path) -> None:
    encode_copy([tone(500, 2, RATE)], tmp_path / "copy.ogg", [])
    copy = read_copy(tmp_path / "copy.ogg")
    assert copy.shape[0] == 2
    assert all(abs(dominant_hz(side, 48000) - 500) < 2 for side in copy)


def test_silenced_span_holds_nothing(tmp_path: Path) -> None:
    """Exact zeros in the codec's input leave no more than the decoder's own two quanta of noise."""
    noise = np.random.default_rng(0).integers(-20000, 20000, (2, 30 * RATE)).astype("<i2")
    spans = [(0.0, 0.4), (9.9, 12.345), (20.0, 20.1), (29.5, 40.0)]
    encode_copy(list(noise), tmp_path / "copy.ogg", spans)
    copy = read_copy(tmp_path / "copy.ogg")
    for start, end in spans:
        span = copy[:, int(start * 48000) : int(end * 48000)]
        assert np.abs(span).max() < 3 / 32768
    assert np.abs(copy[:, 13 * 48000 : 19 * 48000]).max() > 0.1


def test_empty_call_gives_a_playable_copy(tmp_path: Path) -> None:
    encode_copy([np.zeros(0, "<i2")], tmp_path / "copy.ogg", [(0, 1)])
    assert (tmp_path / "copy.ogg").stat().st_size > 0
