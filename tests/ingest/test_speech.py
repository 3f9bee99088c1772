import subprocess
import sys
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import torch

from ingest.speech import BLOCK_FRAMES, FRAME_SAMPLES, MAX_SPEECH_S, SpeechDetector

RATE = 16_000


def test_torch_keeps_its_threads() -> None:
    """silero-vad 6.2 sets torch to one thread when it is imported."""
    code = (
        "import torch; torch.set_num_threads(2); from ingest.speech import SpeechDetector; SpeechDetector();"
        "import sys; sys.exit(0 if torch.get_num_threads() == 2 and 'silero_vad' in sys.modules else 1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


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
    assert len(samples) > BLOCK_FRAMES * FRAME_SAMPLES
    whole = detector.probabilities(samples)
    monkeypatch.setattr("ingest.speech.BLOCK_FRAMES", 37)
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
