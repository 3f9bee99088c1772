"""The demo calls are what their scripts say: files, metadata and reference agree. Nothing is synthesised here."""

import csv
import json
import tomllib
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

DEMO = Path(__file__).resolve().parents[2] / "evals" / "datasets" / "demo_calls"
CALLS = DEMO / "calls"
RATE = 8000

WANTED = {
    "demo-01-churn": {"churn", "stated_reason", "cause"},
    "demo-02-impact-cue": {"impact_cue", "cue_missed"},
    "demo-03-model": {"impact_question", "learning_question"},
    "demo-04-rushed": {"interruption", "cue_missed"},
    "demo-05-recovery": {"failure", "apology", "remedy", "response"},
    "demo-06-repeat": {"repeat", "response"},
    "demo-07-praise": {"praise"},
    "demo-08-billing": {"billing_confusion", "card_number", "security_code"},
}
"""What each call must show, as tagged by `shows` in its script."""

DIGITS = {
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}


def read_scripts() -> dict[str, dict[str, Any]]:
    scripts = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((DEMO / "scripts").glob("*.toml"))]
    return {script["id"]: script for script in scripts}


def read_reference() -> dict[str, dict[str, Any]]:
    lines = (DEMO / "reference.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["id"]: line for line in map(json.loads, lines)}


def read_metadata() -> dict[str, dict[str, str]]:
    with (CALLS / "metadata.csv").open(encoding="utf-8", newline="") as file:
        return {row["call_id"]: row for row in csv.DictReader(file)}


def decode(path: Path) -> np.ndarray:
    """float32, shape (channels, samples) at RATE."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "stereo", RATE)
        assert container.streams.audio[0].codec_context.channels == 2
        blocks = [out.to_ndarray() for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        blocks += [out.to_ndarray() for out in resampler.resample(None)]
    return np.concatenate(blocks, axis=1)


SCRIPTS, REFERENCE, METADATA = read_scripts(), read_reference(), read_metadata()


def shown(script: dict[str, Any]) -> set[str]:
    return {tag for turn in script["turns"] for tag in turn.get("shows", ())}


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def test_eight_calls_have_script_reference_metadata_and_recording() -> None:
    assert set(SCRIPTS) == set(WANTED)
    assert set(REFERENCE) == set(WANTED)
    assert set(METADATA) == set(WANTED)
    names = {path.name for path in CALLS.iterdir()}
    assert names == {f"{call_id}.ogg" for call_id in WANTED} | {"metadata.csv"}, "the inbox holds nothing else"
    for call_id in WANTED:
        assert REFERENCE[call_id]["file"] == METADATA[call_id]["file"] == f"{call_id}.ogg"


def test_recordings_stay_small() -> None:
    assert sum(path.stat().st_size for path in CALLS.iterdir()) < 4_000_000


@pytest.mark.parametrize("call_id", WANTED)
def test_call_shows_what_it_is_for(call_id: str) -> None:
    assert shown(SCRIPTS[call_id]) >= WANTED[call_id]


@pytest.mark.parametrize("call_id", WANTED)
def test_reference_has_the_scripts_turns_in_order_of_time(call_id: str) -> None:
    reference, script = REFERENCE[call_id], SCRIPTS[call_id]
    turns = reference["turns"]
    assert [turn["start"] for turn in turns] == sorted(turn["start"] for turn in turns)
    for role in ("agent", "customer"):
        said = [turn for turn in turns if turn["role"] == role]
        assert [turn["text"] for turn in said] == [turn["text"] for turn in script["turns"] if turn["role"] == role]
        for before, after in pairwise(said):
            assert before["end"] <= after["start"], "nobody talks over themselves"
    assert len(turns) == len(script["turns"])
    assert all(0 < turn["start"] < turn["end"] < reference["duration"] for turn in turns)


@pytest.mark.parametrize("call_id", WANTED)
def test_metadata_agrees_with_the_script(call_id: str) -> None:
    row, given = METADATA[call_id], SCRIPTS[call_id]["metadata"]
    for key in ("started_at", "agent", "customer", "segment", "product", "queue", "campaign"):
        assert row[key] == given[key]
    for key in ("resolved", "churned", "sold"):
        assert row[key] == str(given[key]).lower()
    assert float(row["csat"]) == given["csat"]
    assert row["team"]
    assert float(row["handle_time_s"]) == pytest.approx(REFERENCE[call_id]["duration"] + given["wrap_up_s"], abs=0.5)


@pytest.mark.parametrize("call_id", WANTED)
def test_recording_has_two_channels_of_the_stated_length_with_each_side_on_its_own(call_id: str) -> None:
    reference = REFERENCE[call_id]
    audio = decode(CALLS / reference["file"])
    assert audio.shape[0] == 2
    assert audio.shape[1] / RATE == pytest.approx(reference["duration"], abs=0.05)
    assert 60 <= reference["duration"] <= 180
    talking = np.zeros(audio.shape, dtype=bool)
    for turn in reference["turns"]:
        channel = 0 if turn["role"] == "agent" else 1
        talking[channel, round(turn["start"] * RATE) : round(turn["end"] * RATE)] = True
    assert_separated(audio, talking)


def assert_separated(audio: np.ndarray, talking: np.ndarray) -> None:
    """While one side talks alone, the other channel holds line noise only.

    Opus's default form at this bit rate leaks one side into the other at -32 dB, which a recogniser then writes down.
    """
    for channel in (0, 1):
        alone = talking[channel] & ~talking[1 - channel]
        assert rms(audio[1 - channel, alone]) < 0.016 * rms(audio[channel, alone])


def test_some_turns_overlap() -> None:
    overlapping = [
        call_id for call_id, call in REFERENCE.items() if any(a["end"] > b["start"] for a, b in pairwise(call["turns"]))
    ]
    assert len(overlapping) >= 3


def test_agents_and_the_repeat_caller_take_part_in_several_calls() -> None:
    agents = [row["agent"] for row in METADATA.values()]
    assert 3 <= len(set(agents)) <= 4
    assert all(agents.count(agent) >= 2 for agent in agents)
    customers = [row["customer"] for row in METADATA.values()]
    assert [c for c in set(customers) if customers.count(c) > 1] == [METADATA["demo-06-repeat"]["customer"]]
    starts = {call_id: datetime.fromisoformat(row["started_at"]) for call_id, row in METADATA.items()}
    assert starts["demo-04-rushed"] < starts["demo-06-repeat"]
    assert timedelta(days=7) < max(starts.values()) - min(starts.values()) <= timedelta(days=14)


def test_card_number_is_a_valid_test_number_read_over_two_turns_with_a_backchannel_between() -> None:
    turns = SCRIPTS["demo-08-billing"]["turns"]
    at = [i for i, turn in enumerate(turns) if "card_number" in turn.get("shows", ())]
    assert at[1] - at[0] == 2
    assert turns[at[0] + 1]["role"] == "agent"
    words = " ".join(turns[i]["text"] for i in at).lower().replace(",", " ").replace(".", " ").split()
    number = "".join(DIGITS[word] for word in words if word in DIGITS)
    assert len(number) == 16
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(number)]
    assert sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0, "Luhn"
