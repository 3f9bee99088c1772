"""Real speech and a real, small recogniser, decoded and loaded once."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from sounds import Write

from coach.config import InboxConfig
from ingest.audio import decode
from ingest.channels import Channel
from ingest.speech import SpeechDetector
from ingest.weights import WhisperWeights, resolve_whisper
from ingest.whisper import WhisperEngine

DEMO_CALLS = Path(__file__).parents[2] / "evals" / "datasets" / "demo_calls"
RATE = 16_000


@dataclass(frozen=True)
class DemoCall:
    channels: tuple[Channel, Channel]
    turns: tuple[dict, ...]

    def part(self, turns: int) -> tuple[Channel, Channel]:
        """The call up to the end of its nth turn."""
        end = round((self.turns[turns - 1]["end"] + 0.2) * RATE)
        agent, customer = (Channel(c.index, c.role, c.samples[:end]) for c in self.channels)
        return agent, customer


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads on a busy machine wait for each other far longer than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def demo_call(tmp_path_factory: pytest.TempPathFactory) -> DemoCall:
    row = json.loads((DEMO_CALLS / "reference.jsonl").read_text(encoding="utf-8").splitlines()[0])
    out = tmp_path_factory.mktemp("demo") / "call"
    audio = decode(DEMO_CALLS / "calls" / row["file"], out, InboxConfig())
    channels = (Channel(0, "agent", audio.channel(0)), Channel(1, "customer", audio.channel(1)))
    return DemoCall(channels, tuple(row["turns"]))


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def tiny_weights(cache_dir: Path) -> WhisperWeights:
    return resolve_whisper("tiny.en", device="cpu", cache_dir=cache_dir)


@pytest.fixture(scope="session")
def tiny(tiny_weights: WhisperWeights) -> WhisperEngine:
    """In float32, so that results can be compared exactly."""
    return WhisperEngine(tiny_weights, dtype=torch.float32)


@pytest.fixture(scope="session")
def detector() -> SpeechDetector:
    return SpeechDetector()


@pytest.fixture(scope="session")
def windows(demo_call: DemoCall) -> list[np.ndarray]:
    """The sound of the call's first four turns, float32."""
    sounds = {channel.role: channel.samples.astype(np.float32) / 32768.0 for channel in demo_call.channels}
    return [
        sounds[turn["role"]][round((turn["start"] - 0.2) * RATE) : round((turn["end"] + 0.2) * RATE)]
        for turn in demo_call.turns[:4]
    ]


@pytest.fixture(scope="session")
def heard_share() -> Callable[[str, str], float]:
    """(heard, true): the share of the true words that were heard, wherever."""

    def share(heard: str, true: str) -> float:
        words = [set(re.sub(r"[^\w ]", "", text.lower()).split()) for text in (heard, true)]
        return len(words[0] & words[1]) / len(words[1])

    return share


@pytest.fixture
def put(tmp_path: Path) -> Write:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write
