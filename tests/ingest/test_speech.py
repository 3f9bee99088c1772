import subprocess
import sys
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import torch

from coach.errors import ModelError
from ingest.silero import SileroNetwork
from ingest.speech import FRAME_SAMPLES, FRAMES_AT_ONCE, MAX_SPEECH_S, SpeechDetector

RATE = 16_000


def test_torch_keeps_its_threads() -> None:
    """silero-vad 6.2 sets torch to one thread when it is imported."""
    code = (
        "import torch; torch.set_num_threads(2); from ingest.speech import SpeechDetector; SpeechDetector();"
        "import sys; sys.exit(0 if torch.get_num_threads() == 2 and 'silero_vad' in sys.modules else 1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


def speechlike(seconds: float) -> np.ndarray:
    """A buzz whose pitch and loudness waver as in syllables, with pauses, in faint noise."""
    times = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * times)) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 25))
    loudness = np.clip(np.sin(2 * np.pi * 3 * times), 0, None) * (np.sin(2 * np.pi * 0.2 * times) > -0.3)
    noise = np.random.default_rng(1).normal(0, 30, len(times))
    return (5000 * loudness * buzz + noise).clip(-32768, 32767).astype(np.int16)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_probabilities_are_those_of_the_package(detector: SpeechDetector, demo_call) -> None:
    import silero_vad

    theirs = silero_vad.load_silero_vad()
    for samples in (speechlike(9.99), np.asarray(demo_call.channels[0].samples[: 15 * RATE])):
        sound = torch.from_numpy(samples.astype(np.float32) / 32768)
        expected = theirs.audio_forward(sound[None], sr=RATE)[0].numpy()
        assert np.ptp(expected) > 0.2
        np.testing.assert_allclose(detector.probabilities(samples), expected, atol=1e-4)


def test_channels_together_give_what_each_gives_alone(detector: SpeechDetector, demo_call, monkeypatch) -> None:
    agent, customer = (channel.samples for channel in demo_call.channels)
    channels = [customer[: 7 * RATE], agent[:0], agent[: 31 * RATE + 77], customer[: 31 * RATE], agent[: 20 * RATE]]
    alone = [detector.detect(samples) for samples in channels]
    assert sum(map(len, alone)) > 5
    assert detector.detect_all(channels) == alone
    assert detector.detect_all([]) == []
    monkeypatch.setattr("ingest.speech.FRAMES_AT_ONCE", 200)  # channels end in different blocks
    monkeypatch.setattr("ingest.speech.CHANNELS_AT_ONCE", 3)
    assert detector.detect_all(channels) == alone


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(ModelError, match="silero-vad has other weights"):
        SileroNetwork({"stft.forward_basis_buffer": torch.ones(258, 1, 256)})
    with pytest.raises(ModelError, match="silero-vad has other weights"):
        SileroNetwork({})


@pytest.mark.parametrize("n", [0, 1, 100, FRAME_SAMPLES, 10 * RATE])
def test_silence_has_no_speech(detector: SpeechDetector, n: int) -> None:
    assert detector.detect(np.zeros(n, dtype=np.int16)) == []


def test_tones_and_noise_are_not_speech(detector: SpeechDetector) -> None:
    times = np.arange(10 * RATE) / RATE
    tone = 8000 * np.sin(2 * np.pi * 440 * times)
    noise = np.random.default_rng(0).normal(0, 2000, len(times))
    for sound in (tone, noise):
        assert sum(span.length for span in detector.detect(sound.astype(np.int16))) < 0.5


def test_speech_is_found_where_it_is(detector: SpeechDetector, demo_call) -> None:
    agent = demo_call.channels[0].samples
    spans = detector.detect(agent)
    assert spans == sorted(spans, key=lambda span: span.start)
    assert all(0 <= a.start < a.end <= b.start for a, b in pairwise(spans))
    assert spans[-1].end <= len(agent) / RATE
    for turn in demo_call.turns:
        covered = sum(max(0.0, min(s.end, turn["end"]) - max(s.start, turn["start"])) for s in spans)
        if turn["role"] == "agent":
            assert covered > 0.6 * (turn["end"] - turn["start"])
        else:
            assert covered < 0.2 * (turn["end"] - turn["start"])


def test_blocks_do_not_show_in_the_result(detector: SpeechDetector, demo_call, monkeypatch) -> None:
    samples = demo_call.channels[0].samples[: 45 * RATE]
    assert len(samples) < FRAMES_AT_ONCE * FRAME_SAMPLES
    whole = detector.probabilities(samples)
    monkeypatch.setattr("ingest.speech.FRAMES_AT_ONCE", 37)
    np.testing.assert_allclose(detector.probabilities(samples), whole, atol=1e-5)


def test_endless_speech_is_cut_to_fit_windows(detector: SpeechDetector, demo_call) -> None:
    agent = demo_call.channels[0].samples
    talk = np.concatenate([agent[round(s.start * RATE) : round(s.end * RATE)] for s in detector.detect(agent)])
    spans = detector.detect(np.tile(talk, 2))
    assert spans
    assert max(span.length for span in spans) <= MAX_SPEECH_S + 1e-6


def test_memory_does_not_grow_with_the_recording(detector: SpeechDetector, tmp_path) -> None:
    path = tmp_path / "long.pcm"
    path.touch()
    n = 2 * 3600 * RATE
    with path.open("r+b") as file:
        file.truncate(2 * n)  # a hole: two hours of silence
    samples = np.memmap(path, dtype=np.int16, mode="r")[: 900 * RATE]
    tracemalloc.start()
    detector.detect(samples)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40e6


def test_same_spans_each_time(detector: SpeechDetector, demo_call) -> None:
    samples = demo_call.channels[1].samples[: 30 * RATE]
    threads = torch.get_num_threads()
    assert detector.detect(samples) == detector.detect(samples)
    assert torch.get_num_threads() == threads
