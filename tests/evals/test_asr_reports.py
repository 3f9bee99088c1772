"""The reports on a corpus of silent calls, with recognisers that say the reference, or a little else."""

import json
import wave
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coach.types import Segment, Word
from evals import asr_accuracy, asr_times
from evals.__main__ import run
from evals.recognisers import Heard
from evals.recordings import TrueCall, TrueTurn, TrueWord
from ingest.transcribe import CallTranscript

# openai-whisper leaves the files of its vocabulary and its normaliser open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")

TURNS = (
    TrueTurn("agent", 0.5, "Good morning, what can I do?", 2.0, (TrueWord(0, "Good", 0.5, 0.7),)),
    TrueTurn("customer", 2.5, "Nothing, thank you very much.", 4.0, (TrueWord(0, "Nothing,", 2.55, 2.9),)),
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows: list[dict[str, Any]] = []
    for name, kind in (("real-0", "real"), ("d-0", "synthetic"), ("w-0", "words"), ("auto", "unreferenced")):
        with wave.open(str(tmp_path / f"{name}.wav"), "wb") as file:
            file.setparams((2, 2, 8000, 0, "NONE", ""))
            file.writeframes(np.zeros(16_000, dtype="<i2").tobytes())
        turns = [] if kind == "unreferenced" else [asdict(turn) for turn in TURNS]
        row = {"id": name, "file": f"{name}.wav", "kind": kind, "part": "test", "source": name, "turns": turns}
        rows.append(row | {"condition": "g711 hum 12 dB"})
    for file_name, chosen in (("reference.jsonl", rows[:3]), ("unreferenced.jsonl", rows[3:])):
        (tmp_path / file_name).write_text("".join(json.dumps(row) + "\n" for row in chosen))
    return tmp_path


def _recognise(name: str, calls: Sequence[TrueCall], config: object, **options: object) -> Heard:
    """ "whisper" hears everything 0.1 s late, "faster-whisper" "Good" as "God"."""
    transcripts = []
    for call in calls:
        segments = [
            Segment(
                int(turn.role == "customer"),
                turn.role,
                (turn.start or 0) + 0.1,
                (turn.end or 0) + 0.1,
                turn.text if name == "whisper" else turn.text.replace("Good", "God"),
                words=tuple(
                    Word(f" {word}", (turn.start or 0) + 0.1 + i / 5, (turn.start or 0) + 0.2 + i / 5)
                    for i, word in enumerate(turn.text.split())
                ),
            )
            for turn in call.turns or TURNS
        ]
        transcripts.append(CallTranscript(tuple(segments), (), (), (), "en"))
    return Heard(name, "base", tuple(transcripts), 1.0)  # type: ignore[arg-type]


def test_accuracy_reports_the_difference_by_kind_and_the_real_call(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asr_accuracy, "recognise", _recognise)
    assert run(["asr-accuracy", "--corpus", str(corpus), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["wer"]["whisper"]["together"]["wer"] == 0.0
    assert report["wer"]["faster-whisper"]["real"]["wer"] == pytest.approx(1 / 11, abs=1e-4)
    found = report["minus_faster-whisper"]["whisper"]
    assert found["together"]["difference"] == pytest.approx(-1 / 11, abs=1e-4)
    assert found["together"]["low"] <= found["together"]["difference"] <= found["together"]["high"]
    assert report["unreferenced"]["whisper against faster-whisper"] == pytest.approx(1 / 11, abs=1e-4)
    assert run(["asr-accuracy", "--corpus", str(corpus), "--texts"]) == 0
    assert "as asked" in capsys.readouterr().out


def test_times_report_turns_words_and_order_by_kind(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asr_times, "recognise", _recognise)
    assert run(["asr-times", "--corpus", str(corpus), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    for kind in ("real", "synthetic", "words", "together"):
        assert report[kind]["turn_starts_s"]["median"] == pytest.approx(0.1)
        assert report[kind]["word_starts_s"]["bias"] == pytest.approx(0.075)
        assert report[kind]["order"]["share"] == 1.0
        assert report[kind]["overlaps_with_both_sides_kept"]["share"] is None
    assert run(["asr-times", "--corpus", str(corpus)]) == 0
    assert "median 0.10 s" in capsys.readouterr().out
