"""What the night's operator relies on: resuming, waiting, setting aside, forgetting, locking, staying at home."""

import json
import shutil
import signal
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from commandline import DEMO, ROOT, TEST_CONFIG, Coach, command, every_byte, new_data

from coach.config import StoreConfig
from coach.store import Store, open_store

RATE = 8000
CLIP_S = 16
ONE_AT_A_TIME = TEST_CONFIG + "calls_together = 1\n"


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of four demo calls, as two-channel telephone WAV files."""
    folder = tmp_path_factory.mktemp("clips")
    for number, source in enumerate(sorted((DEMO / "calls").glob("*.ogg"))[:4]):
        with av.open(str(source)) as container:
            resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
            frames = [out.to_ndarray() for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        samples = np.concatenate([frame.reshape(-1, 2) for frame in frames])[: CLIP_S * RATE]
        write_wav(folder / f"call-{number}.wav", samples)
    return folder


def write_wav(path: Path, samples: np.ndarray) -> None:
    """int16 samples, shape (n, channels)."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.ascontiguousarray(samples, dtype="<i2").tobytes())


def read_wav(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, file.getnchannels())


def opened(data: Path) -> Store:
    return open_store(data, StoreConfig(), create=False)


def texts(store: Store) -> dict[str, list[str]]:
    found = {}
    for call_id in store.call_ids():
        call = store.get_call(call_id)
        assert call is not None
        found[call_id] = [turn.text for turn in call.turns]
    return found


def kill_after(event: dict[str, Any], *args: str | Path) -> None:
    """Starts `coach ARGS` and kills it with SIGKILL as soon as its log shows `event`."""
    process = subprocess.Popen(command(*args), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("{") and event.items() <= json.loads(line).items():
            process.kill()
            break
    process.stderr.close()
    assert process.wait(60) == -signal.SIGKILL


def test_a_killed_run_resumes_without_loss_or_repetition(coach: Coach, clips: Path, tmp_path: Path) -> None:
    data = new_data(tmp_path / "data", ONE_AT_A_TIME)
    kill_after({"event": "call", "status": "done"}, "run", clips, "--data", data)
    before = opened(data).call_ids()
    assert 1 <= len(before) < 4

    rerun = coach("run", clips, "--data", data, "--json")
    assert (rerun.code, rerun.json["done"], rerun.json["unchanged"]) == (0, 4 - len(before), len(before))

    whole = new_data(tmp_path / "whole", ONE_AT_A_TIME)
    coach("run", clips, "--data", whole, "--json")
    assert texts(opened(data)) == texts(opened(whole))
    assert len(list((data / "audio").iterdir())) == 4
    assert not list((data / "tmp").glob("*"))


def test_a_run_killed_while_indexing_is_finished_by_the_next(coach: Coach, clips: Path, tmp_path: Path) -> None:
    data = new_data(tmp_path / "data")
    kill_after({"event": "stage", "stage": "indexing"}, "run", clips, "--data", data, "--limit", "1")
    ran = coach("run", clips, "--data", data, "--limit", "1", "--json")
    assert ran.code == 0
    assert coach("status", "--data", data, "--json").json["index"]["up_to_date"]


def test_the_same_night_twice_transcribes_nothing_twice(coach: Coach, clips: Path, tmp_path: Path) -> None:
    data, inbox = new_data(tmp_path / "data"), tmp_path / "inbox"
    inbox.mkdir()
    shutil.copy(clips / "call-0.wav", inbox / "one.wav")
    assert coach("run", inbox, "--data", data, "--json").json["done"] == 1
    (inbox / "one.wav").rename(inbox / "other name.wav")
    (inbox / "metadata.csv").write_text("file,agent,campaign\nother name.wav,Dana,spring\n", encoding="utf-8")
    second = coach("run", inbox, "--data", data, "--json")
    assert (second.code, second.json["done"], second.json["updated"]) == (0, 0, 1)
    call = opened(data).get_call(opened(data).call_ids()[0])
    assert call is not None
    assert (call.metadata.agent, call.metadata.extra) == ("Dana", {"campaign": "spring"})
    (inbox / "metadata.csv").write_text("file,agent\nelse.wav,Someone\n", encoding="utf-8")
    third = coach("run", inbox, "--data", data, "--json")
    assert (third.json["updated"], third.json["unchanged"]) == (0, 1), "a row that is gone erases nothing"


def test_sigterm_ends_after_the_calls_in_flight(clips: Path, tmp_path: Path, coach: Coach) -> None:
    data = new_data(tmp_path / "data", ONE_AT_A_TIME)
    process = subprocess.Popen(
        command("run", clips, "--data", data, "--json"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if '"stage": "transcribing"' in line:  # soon after, some recordings are begun and some are not
            process.send_signal(signal.SIGTERM)
            break
    out, _ = process.communicate(timeout=120)
    summary = json.loads(out)
    assert process.returncode == 0
    assert summary["stopped"] == "SIGTERM was received"
    assert summary["left"] == 4 - summary["done"] > 0
    assert coach("run", clips, "--data", data, "--json").json["done"] == summary["left"]


def test_bad_files_are_set_aside_and_the_rest_is_done(coach: Coach, clips: Path, tmp_path: Path) -> None:
    data, inbox = new_data(tmp_path / "data"), tmp_path / "inbox"
    inbox.mkdir()
    shutil.copy(clips / "call-1.wav", inbox / "good.wav")
    (inbox / "empty.wav").write_bytes(b"")
    (inbox / "header.wav").write_bytes((clips / "call-0.wav").read_bytes()[:44])
    (inbox / "noise.mp3").write_bytes(np.random.default_rng(1).bytes(5000))
    (inbox / "playlist.wav").write_text("ffconcat version 1.0\nfile 'good.wav'\n", encoding="utf-8")
    (inbox / "half.wav.part").write_bytes(b"RIFF")
    cut = (clips / "call-2.wav").read_bytes()
    (inbox / "cut.wav").write_bytes(cut[: len(cut) // 2])
    ran = coach("run", inbox, "--data", data, "--json")
    summary = ran.json
    assert (ran.code, summary["done"], summary["set_aside"], summary["waiting"]) == (1, 2, 4, 1)
    assert "Traceback" not in ran.err
    assert all(failure["code"] and failure["message"].endswith(".") for failure in summary["failures"])
    flags = {call.source: call.flags for call in opened(data).list_calls()}
    assert "truncated" in flags["cut.wav"]
    again = coach("run", inbox, "--data", data, "--json")
    assert (again.code, again.json["still_set_aside"], again.json["set_aside"]) == (0, 4, 0)
    assert coach("run", inbox, "--data", data, "--retry-failed", "--json").json["set_aside"] == 4


def test_sides_in_two_files_become_one_call_and_a_lone_side_waits(coach: Coach, clips: Path, tmp_path: Path) -> None:
    data, inbox = new_data(tmp_path / "data"), tmp_path / "inbox"
    inbox.mkdir()
    both = read_wav(clips / "call-0.wav")
    write_wav(inbox / "a_agent.wav", both[:, :1])
    write_wav(inbox / "a_caller.wav", both[:, 1:])
    write_wav(inbox / "b_agent.wav", read_wav(clips / "call-1.wav")[:, :1])
    first = coach("run", inbox, "--data", data, "--json").json
    assert (first["done"], first["waiting"]) == (1, 1)
    final = coach("run", inbox, "--data", data, "--final", "--json").json
    assert (final["done"], final["waiting"]) == (1, 0)
    stored = {summary.source: summary for summary in opened(data).list_calls()}
    assert set(stored) == {"a_agent.wav + a_caller.wav", "b_agent.wav"}
    assert "one_sided" in stored["b_agent.wav"].flags
    pair = opened(data).get_call(stored["a_agent.wav + a_caller.wav"].id)
    assert pair is not None
    assert {turn.role for turn in pair.turns} == {"agent", "customer"}


def test_a_second_run_leaves_with_75(coach: Coach, clips: Path, tmp_path: Path) -> None:
    data = new_data(tmp_path / "data")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib; from coach.store import writer_lock\n"
            "with writer_lock(pathlib.Path(sys.argv[1]), None): print('held', flush=True); sys.stdin.read()",
            str(data),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    ran = coach("run", clips, "--data", data)
    holder.communicate("")
    assert ran.code == 75
    assert ran.err.splitlines()[-1].startswith("coach: ")


def test_a_forgotten_call_leaves_no_byte_and_does_not_come_back(coach: Coach, clips: Path, tmp_path: Path) -> None:
    data, inbox = new_data(tmp_path / "data"), tmp_path / "inbox"
    inbox.mkdir()
    shutil.copy(clips / "call-0.wav", inbox / "kept-recording.wav")
    shutil.copy(clips / "call-1.wav", inbox / "secret-recording.wav")
    (inbox / "metadata.csv").write_text(
        "file,call_id,customer\nkept-recording.wav,kept,C1\nsecret-recording.wav,secret-id,C2\n", encoding="utf-8"
    )
    coach("run", inbox, "--data", data, "--json")
    store = opened(data)
    call, kept = store.get_call("secret-id"), store.get_call("kept")
    assert call is not None
    assert kept is not None
    common = " ".join(turn.text for turn in kept.turns)
    words = {word.encode() for turn in call.turns for word in turn.text.split() if len(word) > 6 and word not in common}
    sentences = {turn.text.encode() for turn in call.turns if len(turn.text) > 20}
    assert words
    assert call.audio is not None
    sound = (data / "audio" / call.audio).read_bytes()
    del store

    ran = coach("forget", "--customer", "C2", "--data", data, "--json")
    assert ran.code == 0, ran.err
    assert any("secret-recording.wav" in name for name in ran.json["originals"])
    assert ran.json["inboxes"] == [str(inbox)]
    traces = (*words, *sentences, b"secret-id", b"secret-recording", call.recording_sha256.encode(), sound[-2000:])
    for path, content in every_byte(data).items():
        assert not [trace for trace in traces if trace in content], path
    again = coach("run", inbox, "--data", data, "--json")
    assert (again.json["done"], again.json["forgotten"]) == (0, 1)
    hits = coach("search", call.turns[0].text, "--data", data, "--json").json
    assert {hit["call"] for hit in hits} <= {"kept"}


AUDIT = """
import os, sys
def note(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple) and not str(args[1][0]).startswith(("127.", "::1")):
        target = repr(args[1])
    elif event == "socket.getaddrinfo" and args[0] not in (None, "127.0.0.1", "::1", "localhost"):
        target = repr(args[0])
    else:
        return
    with open(os.environ["CALLCOACH_TEST_LEAKS"], "a") as file:
        file.write(target + "\\n")
    raise OSError("blocked by the test: " + target)
sys.addaudithook(note)
"""


def test_nothing_is_sent_anywhere(coach: Coach, clips: Path, tmp_path: Path) -> None:
    """Tracing switched on in the environment, as PROMISES 11 knows it from langchain-core and chromadb."""
    hook, leaks = tmp_path / "hook", tmp_path / "leaks"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(AUDIT, encoding="utf-8")
    env = {
        "PYTHONPATH": f"{hook}:{ROOT}",
        "CALLCOACH_TEST_LEAKS": str(leaks),
        "LANGSMITH_TRACING": "true",
        "LANGCHAIN_TRACING_V2": "true",
        "LANGSMITH_API_KEY": "not-a-key",
        "ANONYMIZED_TELEMETRY": "True",
        "HF_HUB_OFFLINE": "0",
    }
    probe = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 9), 1)"],
        env=env,
        capture_output=True,
        check=False,
    )
    assert probe.returncode != 0
    assert "192.0.2.1" in leaks.read_text(), "the hook must see connections"
    leaks.unlink()
    data = new_data(tmp_path / "data")
    assert coach("run", clips, "--data", data, "--limit", "1", "--json", env=env).code == 0
    assert coach("ask", "What did the customer need?", "--data", data, "--json", env=env).code == 0
    serve_once(data, env, opened(data).call_ids()[0])
    assert not leaks.exists(), leaks.read_text()


def serve_once(data: Path, env: dict[str, str], call: str) -> None:
    """Starts the pages, asks for the list of calls, ends them."""
    import os
    import re
    import urllib.request

    process = subprocess.Popen(
        command("serve", "--data", data, "--port", "0"),
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **env},
    )
    assert process.stderr is not None
    try:
        url = next(found[0] for line in process.stderr if (found := re.findall(r"http://127\.0\.0\.1\S+", line)))
        with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(url, timeout=10) as page:
            assert page.status == 200
            assert call.encode() in page.read()
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()
