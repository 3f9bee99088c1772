import json
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from coach.types import Turn
from evals.__main__ import names, run
from evals.asr_scores import start_errors
from evals.recordings import DEMO_CALLS, TrueCall, TrueTurn, compose, onset_s, read_manifest
from ingest.channels import Channel

# openai-whisper leaves the files of its vocabulary and its normaliser open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")

RATE = 16_000


def _clip(seconds: float, silence_s: float, text: str) -> TrueCall:
    sound = np.full(round(seconds * RATE), 8000, dtype=np.int16)
    sound[: round(silence_s * RATE)] = 20
    return TrueCall(text, (Channel(0, "unknown", sound),), (TrueTurn("unknown", None, text),))


def test_evals_are_found_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert "asr" in names()
    assert "recordings" not in names()
    assert run([]) == run(["no-such-eval"]) == 2
    assert "asr" in capsys.readouterr().err


def test_onset_is_the_first_frame_near_the_peak() -> None:
    assert onset_s(_clip(1.0, 0.25, "x").channels[0].samples) == pytest.approx(0.25)
    assert onset_s(np.zeros(RATE, dtype=np.int16)) == 0.0
    assert onset_s(np.zeros(0, dtype=np.int16)) == 0.0


def test_composed_calls_have_true_onsets_and_all_words() -> None:
    clips = [_clip(1.0 + i / 10, 0.2, f"clip {i}") for i in range(23)]
    calls = compose(clips, seed=1)
    assert [len(call.turns) for call in calls] == [20, 3]
    assert sorted(turn.text for call in calls for turn in call.turns) == sorted(clip.name for clip in clips)
    assert compose(clips, seed=1)[0].turns == calls[0].turns
    for call in calls:
        lengths = {len(channel.samples) for channel in call.channels}
        assert len(lengths) == 1
        for turn in call.turns:
            samples = call.channels[("agent", "customer").index(turn.role)].samples
            at = round(turn.start * RATE)
            assert samples[at] == 8000
            assert abs(int(samples[at - 161])) <= 20


def test_start_errors_compare_where_the_first_words_are() -> None:
    true = [TrueTurn("agent", 1.0, "good morning"), TrueTurn("agent", 5.0, "who is it"), TrueTurn("agent", 9.0, "bye")]
    heard = [Turn("agent", "Good morning!", 1.2, 2.0), Turn("agent", "Who is it? Bye.", 4.9, 9.5)]
    errors = start_errors(true, heard)
    assert errors[:2] == [pytest.approx(0.2), pytest.approx(-0.1)]
    assert errors[2] is None


def test_start_errors_of_nothing() -> None:
    assert start_errors([TrueTurn("agent", 1.0, "hello")], []) == [None]
    assert start_errors([], [Turn("agent", "hello", 0.0, 1.0)]) == []
    assert start_errors([TrueTurn("agent", None, "hello")], [Turn("agent", "hello", 0.0, 1.0)]) == []


def test_both_kinds_of_manifest_are_read(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    with wave.open(str(tmp_path / "audio" / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((np.ones(8000) * 3000).astype("<i2").tobytes())
    rows = [
        {"path": "audio/a.wav", "kind": "IVR prompt", "reference": "press one"},
        {"path": "audio/a.wav", "kind": "call", "reference": "hello"},
        {"path": "audio/a.wav", "kind": "IVR prompt", "reference": None},
    ]
    manifest = tmp_path / "audio" / "manifest.json"
    manifest.write_text(json.dumps(rows))
    [clip] = read_manifest(manifest, tmp_path, only="IVR")
    assert clip.turns == (TrueTurn("unknown", None, "press one"),)
    assert clip.duration_s == pytest.approx(1.0, abs=0.05)
    lines = tmp_path / "audio" / "reference.jsonl"
    lines.write_text(json.dumps({"file": "a.wav", "turns": [{"role": "agent", "start": 0.1, "text": "hi"}]}) + "\n")
    [call] = read_manifest(lines, tmp_path)
    assert call.text_of("agent") == "hi"


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Two threads on a busy machine wait for each other far longer than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_asr_measures_the_demo_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = json.loads(DEMO_CALLS.read_text(encoding="utf-8").splitlines()[3])
    row["file"] = str(DEMO_CALLS.parent / "calls" / row["file"])
    (tmp_path / "one.jsonl").write_text(json.dumps(row))
    assert run(["asr", "--manifest", str(tmp_path / "one.jsonl"), "--model", "tiny.en", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["wer"] < 0.15
    assert report["start_error_median_s"] < 0.3
    assert report["rtfx"] > 0
