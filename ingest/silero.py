"""Silero's voice activity network for 16 kHz, by our own few lines of torch on the weights from its package.

The package runs the network frame by frame, or block by block of one channel. Frames need nothing from each other
before the recurrent layer (every frame brings the end of the one before with it), so here all frames of all channels
go through the front together, and only the recurrent layer walks through time, with the channels as its batch.
"""

import importlib.util
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.nn import functional

from coach.errors import ModelError

FRAME_SAMPLES = 512  # 32 ms at 16 kHz
CONTEXT_SAMPLES = 64  # of the frame before, which belong to a frame's input
TRANSFORM_SAMPLES = 256
TRANSFORM_STEP = 128
WINDOWS_PER_FRAME = 4
STATE_WIDTH = 128
KERNEL = 3
STRIDES = (1, 2, 2, 1)  # of the four convolutions: 4, 2, 1 and 1 positions a frame are left

State = tuple[torch.Tensor, torch.Tensor]


class SileroNetwork:
    """From frames of sound to the probability of speech. Holds weights only: the state is the caller's."""

    def __init__(self, weights: Mapping[str, torch.Tensor], *, device: str = "cpu") -> None:
        """`weights`: those of the package's 16 kHz network, by its names. Raises ModelError if they are not."""
        try:
            self._build({name: tensor.to(device) for name, tensor in weights.items()})
        except (KeyError, RuntimeError, ValueError) as error:
            raise ModelError(_other_version(error), code="weights_damaged") from None
        self.device = torch.device(device)

    def _build(self, weights: Mapping[str, torch.Tensor]) -> None:
        self._taper = _taper(weights["stft.forward_basis_buffer"][:, 0])
        self._layers: list[State] = []
        positions = WINDOWS_PER_FRAME
        for i, stride in enumerate(STRIDES):
            weight, bias = (weights[f"encoder.{i}.reparam_conv.{name}"] for name in ("weight", "bias"))
            matrix = _as_matrix(weight, positions, stride)
            positions = len(matrix) // len(bias)
            self._layers.append((matrix, bias.repeat(positions)))
        self._recurrent = torch.nn.LSTM(STATE_WIDTH, STATE_WIDTH, device="meta")  # no random numbers drawn for it
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        self._recurrent.load_state_dict({f"{name}_l0": weights[f"decoder.rnn.{name}"] for name in names}, assign=True)
        self._recurrent.flatten_parameters()
        self._out = (weights["decoder.decoder.2.weight"][:, :, 0], weights["decoder.decoder.2.bias"])

    def start(self, channels: int) -> State:
        """The state before the first frame."""
        zeros = torch.zeros(1, channels, STATE_WIDTH, device=self.device)
        return zeros, zeros

    @torch.inference_mode()
    def __call__(self, sound: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """The probabilities, shape (channels, frames), and the state after the last frame.

        `sound`: float32 in -1..1, shape (channels, 64 + 512 · frames): the end of what came before, then whole frames.
        `state`: as `start` or the call before gave it, for the same channels.
        """
        frames = sound.unfold(1, CONTEXT_SAMPLES + FRAME_SAMPLES, FRAME_SAMPLES)
        features = self._spectra(frames)
        for weight, bias in self._layers:
            features = functional.linear(features, weight, bias).relu_()
        # Its steps are so small that two threads wait for each other far longer than they work: 17 µs a frame of two
        # channels where one thread takes 5.
        with _one_thread(self.device):
            hidden, state = self._recurrent(features.transpose(0, 1), state)
        return functional.linear(hidden.relu(), *self._out).sigmoid()[:, :, 0].T, state

    def _spectra(self, frames: torch.Tensor) -> torch.Tensor:
        """The magnitudes of each frame's four windows, shape (channels, frames, 4 · 129).

        The package multiplies with a matrix of cosines and sines; a fast Fourier transform is ten times quicker.
        """
        mirrored = frames[..., -1 - CONTEXT_SAMPLES : -1].flip(-1)
        windows = torch.cat([frames, mirrored], dim=-1).unfold(-1, TRANSFORM_SAMPLES, TRANSFORM_STEP)
        spectra = torch.fft.rfft(windows * self._taper)
        magnitudes: torch.Tensor = spectra.real.square().addcmul_(spectra.imag, spectra.imag).sqrt_()
        return magnitudes.flatten(2)


def load_network(*, device: str = "cpu") -> SileroNetwork:
    """The network with the installed package's weights; raises ModelError when they cannot be read.

    They are taken from silero_vad.jit, which is what the package runs by default: its silero_vad_16k.safetensors holds
    another training's weights (6.2.3), whose probabilities differ by up to .8. The package is only looked up, not
    imported: silero_vad 6.2 sets torch to one thread when it is (model.py).
    """
    spec = importlib.util.find_spec("silero_vad")
    if spec is None or spec.origin is None:
        raise ModelError("Finding speech needs Silero's weights: pip install silero-vad.", code="no_weights")
    path = Path(spec.origin).parent / "data" / "silero_vad.jit"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit.load, for which this file has no substitute
        try:
            everything = torch.jit.load(path, map_location="cpu").state_dict()  # type: ignore[no-untyped-call]
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(_other_version(error), code="weights_damaged") from None
    prefix = "_model."  # beside the 8 kHz network's "_model_8k."
    weights = {name.removeprefix(prefix): tensor for name, tensor in everything.items() if name.startswith(prefix)}
    return SileroNetwork(weights, device=device)


def _other_version(error: Exception) -> str:
    detail = str(error).strip().splitlines()[0]
    return f"The installed silero-vad has other weights than callcoach knows ({detail}): pip install 'silero-vad<7'."


def _taper(basis: torch.Tensor) -> torch.Tensor:
    """By what the samples of a window are multiplied, shape (256,): the basis' lowest frequency is that alone.

    `basis`: shape (2 · 129, 256), the tapered cosines and sines. Raises ValueError if it is anything else.
    """
    taper = basis[0]
    spectra = torch.fft.rfft(torch.diag(taper))
    if not torch.allclose(torch.cat([spectra.real, spectra.imag], dim=1).T, basis, atol=1e-5):
        raise ValueError("its transform is not Fourier's")
    return taper


def _as_matrix(weight: torch.Tensor, positions: int, stride: int) -> torch.Tensor:
    """A convolution over so few positions is one matrix, shape (positions out · channels out, positions · channels in).

    `weight`: shape (channels out, channels in, 3), for an input with one empty position on either side.
    """
    out, into, _ = weight.shape
    left = (positions - 1) // stride + 1
    matrix = weight.new_zeros(left, out, positions, into)
    for to in range(left):
        for tap in range(KERNEL):
            at = to * stride + tap - 1
            if 0 <= at < positions:
                matrix[to, :, at] = weight[:, :, tap]
    return matrix.reshape(left * out, positions * into)


@contextmanager
def _one_thread(device: torch.device) -> Iterator[None]:
    """Torch works in one thread meanwhile, on a CPU."""
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
