"""Transcribers in processes of their own; with a stand-in for the recogniser, so that no process loads a model."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from coach.config import TranscribeConfig
from coach.errors import ConfigError, InputError, ModelError
from coach.types import Segment
from ingest.channels import Channel
from ingest.devices import TranscriberPool
from ingest.engines import choose_devices
from ingest.transcribe import CallTranscript

ROOT = Path(__file__).parents[2]


class Counting:
    """Says how long a call is and in which process it was heard."""

    def __init__(self, trouble: str, device: str) -> None:
        self.trouble, self.device = trouble, device

    def stream(self, calls: Iterable[Sequence[Channel]]) -> Iterator[tuple[int, CallTranscript]]:
        for place, channels in enumerate(calls):
            if self.trouble == "dies":
                os._exit(7)
            if self.trouble == "raises":
                raise ModelError("the weights are bad.", code="bad_weights")
            text = f"{len(channels[0].samples)} {int(channels[0].samples[0])} {self.device} {os.getpid()}"
            yield place, CallTranscript((Segment(0, "agent", 0, 1, text),), (), (), (), None)


def pool(trouble: str = "", devices: Sequence[str] = ("one", "two")) -> TranscriberPool:
    return TranscriberPool(partial(Counting, trouble), devices, name="counting", model="none")  # type: ignore[arg-type]


def test_every_call_comes_back_once_from_several_processes() -> None:
    calls = [[Channel(0, "agent", np.full(at + 1, at, dtype=np.int16))] for at in range(25)]
    texts = [transcript.segments[0].text.split() for transcript in pool().transcribe(calls)]
    assert [(int(length), int(value)) for length, value, *_ in texts] == [(at + 1, at) for at in range(25)]
    assert str(os.getpid()) not in {process for *_, process in texts}
    assert not multiprocessing.active_children()


def test_sound_in_a_file_is_opened_there_and_not_copied(tmp_path: Path) -> None:
    file = tmp_path / "0.pcm"
    np.arange(1000, dtype="<i2").tofile(file)
    channel = Channel(1, "customer", np.memmap(file, dtype="<i2", mode="r", shape=(1000,)))
    sent = pickle.dumps(channel)
    assert len(sent) < 500
    again = pickle.loads(sent)
    assert (again.index, again.role, again.samples.tolist()) == (1, "customer", list(range(1000)))


def test_error_in_a_process_is_raised_here() -> None:
    with pytest.raises(ModelError, match="weights are bad") as caught:
        pool("raises").transcribe([[Channel(0, "agent", np.zeros(5, dtype=np.int16))]])
    assert caught.value.code == "bad_weights"
    assert not multiprocessing.active_children()


def test_process_that_dies_ends_the_run_with_a_sentence() -> None:
    with pytest.raises(ModelError, match="exit code 7"):
        pool("dies", ["one"]).transcribe([[Channel(0, "agent", np.zeros(5, dtype=np.int16))]])


def test_error_in_the_calls_is_raised_here() -> None:
    def calls() -> Iterator[Sequence[Channel]]:
        raise InputError("the recording vanished.", code="unreadable")
        yield []

    with pytest.raises(InputError, match="vanished"):
        list(pool(devices=["one"]).stream(calls()))


def test_devices_are_named_with_commas() -> None:
    assert choose_devices("cpu, cpu") == ("cpu", "cpu")
    assert choose_devices(TranscribeConfig().device)
    with pytest.raises(ConfigError, match="cuda:0,cuda:1"):
        choose_devices("cpu,abacus")


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import multiprocessing, os, sys, time\n"
        "from ingest.devices import _end_with_parent\n"
        "def child():\n"
        "    print(os.getpid(), flush=True)\n"
        "    _end_with_parent()\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.get_context('spawn').Process(target=child).start()\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        if not Path(f"/proc/{child}").exists():
            return
        time.sleep(0.1)
    pytest.fail("the child lives on")
