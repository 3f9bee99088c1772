"""`coach doctor`: is everything here that a run needs?"""

import importlib.util
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from coach.cli.options import config_option, data_option, json_option, print_json, read_config
from coach.config import Config
from coach.errors import CoachError, ModelError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `ok` is None where it is only told, not judged."""

    name: str
    ok: bool | None
    found: str


@click.command("doctor")
@data_option
@config_option
@json_option
@click.pass_context
def doctor_command(ctx: click.Context, data_dir: Path, config_path: Path | None, as_json: bool) -> None:
    """Check the set-up: configuration, weights, device, disk, store and index. Exit 1 when something is wrong."""
    checks = list(_checks(data_dir, read_config(data_dir, config_path)))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = {True: "ok", False: "PROBLEM", None: "--"}[check.ok]
            click.echo(f"{mark:<8} {check.name:<18} {check.found}")
    ctx.exit(1 if any(check.ok is False for check in checks) else 0)


def _checks(data_dir: Path, config: Config) -> Iterator[Check]:
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Check("python", supported, platform.python_version())
    yield Check("configuration", True, "read without complaint")
    yield _tried("device", lambda: _device(config))
    yield _tried("whisper weights", lambda: _whisper(config))
    yield _tried("embedding weights", lambda: _embedding(config))
    yield _tried("decoder", _decoder)
    yield _voices()
    if config.redact.names:
        yield _has("names", "presidio_analyzer", "names")
    if config.transcribe.engine == "faster-whisper":
        yield _has("faster-whisper", "faster_whisper", "faster-whisper")
    yield _disk(data_dir, config)
    yield _tried("store", lambda: _store(data_dir, config))
    yield _llm(config)


def _tried(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except CoachError as error:
        return Check(name, False, str(error))


def _has(name: str, module: str, extra: str) -> Check:
    if importlib.util.find_spec(module) is not None:
        return Check(name, True, "installed")
    return Check(name, False, f'not installed: pip install "callcoach[{extra}]"')


def _device(config: Config) -> str:
    import torch

    from ingest.engines import choose_devices
    from ingest.kernels import load_kernels

    found = []
    for device in choose_devices(config.transcribe.device):
        if device.startswith("cuda"):
            found.append(f"{device}: {torch.cuda.get_device_name(device)}")
        else:
            native = "with native kernels" if load_kernels() else "without native kernels"
            found.append(f"{device} with {torch.get_num_threads()} threads, {native}")
    return f"{', '.join(found)}, torch {torch.__version__}"


def _whisper(config: Config) -> str:
    from ingest.engines import choose_devices
    from ingest.weights import resolve_whisper

    chosen = config.transcribe
    cache_dir = None if chosen.cache_dir is None else Path(chosen.cache_dir)
    weights = resolve_whisper(
        chosen.model, device=choose_devices(chosen.device)[0], cache_dir=cache_dir, allow_download=False
    )
    return weights.name


def _embedding(config: Config) -> str:
    from coach.retrieval.embeddings import load_embedder

    embedder = load_embedder(config.retrieval.embedding_model)
    return f"{embedder.name}, {embedder.dimension} dimensions"


def _decoder() -> str:
    import av

    return f"PyAV {av.__version__} with its own ffmpeg libraries"


def _voices() -> Check:
    """Missing is no problem of the set-up: only mono recordings want it."""
    from ingest.voices import load_voice_encoder

    try:
        load_voice_encoder()
    except ModelError as error:
        return Check("voices", None if error.code == "no_voices" else False, str(error))
    return Check("voices", True, "two voices on one channel are told apart")


def _disk(data_dir: Path, config: Config) -> Check:
    there = next(path for path in (data_dir.absolute(), *data_dir.absolute().parents) if path.exists())
    free_mb = shutil.disk_usage(there).free // 2**20
    return Check("disk", free_mb >= config.store.min_free_mb, f"{free_mb} MB free, {config.store.min_free_mb} wanted")


def _store(data_dir: Path, config: Config) -> str:
    from coach.cli.look import index_state
    from coach.status import read_status
    from coach.store import open_store

    if config.store.url is None and not (data_dir / "callcoach.sqlite").exists():
        return "none yet; `coach run INBOX` makes it"
    status = read_status(open_store(data_dir, config.store, create=False))
    return f"{status['counts']['calls']} calls, index {index_state(status['index'])}"


def _llm(config: Config) -> Check:
    """Asks it one small thing, as a run would."""
    from coach.llm import Ready, open_llm
    from coach.prompting import load_prompt

    llm = open_llm(config.llm)
    if llm is None:
        return Check("llm", None, "none; everything works without one (docs/llm.md)")
    begun = time.monotonic()
    reply = llm.ask(load_prompt("say-ready"), {}, Ready, call="")
    if reply is None:
        return Check("llm", False, " ".join(llm.problems))
    return Check("llm", True, f"{llm.name} answers in {time.monotonic() - begun:.1f} s")
