"""Whisper checkpoints as files: read without running code from them, hashed, written whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coach.errors import ModelError

if TYPE_CHECKING:
    import torch
    from whisper.model import ModelDimensions

HEAD_WIDTH = 64
"""Every Whisper model has attention heads this wide, so a checkpoint's shapes tell its dimensions."""


def read_pt(path: Path) -> "dict[str, torch.Tensor]":
    """The state dict of a checkpoint of OpenAI, read as nothing but tensors. Raises ModelError when it is none."""
    import pickle

    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)["model_state_dict"]
    except (RuntimeError, KeyError, TypeError, OSError, EOFError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path} is not a checkpoint of OpenAI's Whisper ({error}).", code="weights_format") from None
    return dict(state)


def read_safetensors(path: Path) -> "dict[str, torch.Tensor]":
    """The tensors of a safetensors file. Raises ModelError when it is none."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read as safetensors ({error}).", code="weights_damaged") from None


def dimensions(state: "dict[str, torch.Tensor]") -> "ModelDimensions":
    """The model's dimensions, told by the shapes of its tensors. Raises ModelError when it is no Whisper model."""
    from whisper.model import ModelDimensions

    def layers(side: str) -> int:
        return 1 + max(int(key.split(".")[2]) for key in state if key.startswith(f"{side}.blocks."))

    try:
        audio_context, audio_width = state["encoder.positional_embedding"].shape
        text_context, text_width = state["decoder.positional_embedding"].shape
        return ModelDimensions(
            n_mels=state["encoder.conv1.weight"].shape[1],
            n_audio_ctx=audio_context,
            n_audio_state=audio_width,
            n_audio_head=audio_width // HEAD_WIDTH,
            n_audio_layer=layers("encoder"),
            n_vocab=state["decoder.token_embedding.weight"].shape[0],
            n_text_ctx=text_context,
            n_text_state=text_width,
            n_text_head=text_width // HEAD_WIDTH,
            n_text_layer=layers("decoder"),
        )
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(f"These are not the weights of a Whisper model ({error}).", code="weights_format") from None


def sha256_of(*paths: Path) -> str:
    """SHA-256 of the files' bytes, one after the other, in hexadecimal."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Writes beside `path` and renames, so that no reader and no killed process ever leaves half a file there."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        write(Path(name))
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
