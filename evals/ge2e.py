"""Another voice embedding, to compare with: resemblyzer's (Wan et al., "Generalized end-to-end loss for speaker
verification", 2018; Apache-2.0). Only the weights of the package are used: `pip install --no-deps resemblyzer==0.1.4`.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coach.errors import ModelError
from ingest.speech import SAMPLE_RATE

N_MELS, FFT_SAMPLES, HOP_SAMPLES = 40, 400, 160
FRAMES = 160  # 1.6 s
LEVEL_DBFS = -30.0  # quieter sound is raised to it
_BREAK_HZ, _BREAK_MEL = 1000.0, 15.0


class Ge2e:
    """Three LSTM layers over mel energies, and a linear one."""

    def __init__(self) -> None:
        """Raises ModelError (no_voices) without the package."""
        import torch

        spec = importlib.util.find_spec("resemblyzer")
        if spec is None or spec.origin is None:
            raise ModelError("`pip install --no-deps resemblyzer==0.1.4` brings these weights.", code="no_voices")
        path = Path(spec.origin).with_name("pretrained.pt")
        state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        self._lstm = torch.nn.LSTM(N_MELS, 256, num_layers=3, batch_first=True)
        self._lstm.load_state_dict({k.removeprefix("lstm."): v for k, v in state.items() if k.startswith("lstm.")})
        self._linear = state["linear.weight"], state["linear.bias"]
        self._mels = _slaney_mels()

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        import torch

        features = np.stack([self._features(sound) for sound in sounds])
        with torch.inference_mode():
            _, (hidden, _) = self._lstm(torch.from_numpy(features))
            found = torch.nn.functional.linear(hidden[-1], *self._linear).relu().numpy()
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9))

    def _features(self, sound: np.ndarray) -> np.ndarray:
        """float32, shape (160, 40); shorter sounds are repeated, longer ones lose their ends."""
        level = float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
        raised = sound * max(1.0, 10 ** (LEVEL_DBFS / 20) / max(level, 1e-6))
        padded = np.pad(raised, FFT_SAMPLES // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_SAMPLES)[::HOP_SAMPLES]
        taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT_SAMPLES) / FFT_SAMPLES)
        energies = np.abs(np.fft.rfft(frames * taper, axis=1)) ** 2 @ self._mels
        energies = energies[max(0, (len(energies) - FRAMES) // 2) :][:FRAMES]
        return np.resize(energies, (FRAMES, N_MELS)).astype(np.float32)


def _slaney_mels() -> np.ndarray:
    """Shape (201, 40): triangles of equal area, linear below 1 kHz (Slaney's Auditory Toolbox)."""

    def to_mel(hertz: float) -> float:
        above = _BREAK_MEL + np.log(max(hertz, 1e-9) / _BREAK_HZ) * 27 / np.log(6.4)
        return float(hertz * 3 / 200 if hertz < _BREAK_HZ else above)

    mels = np.linspace(0.0, to_mel(SAMPLE_RATE / 2), N_MELS + 2)
    edges = np.where(mels < _BREAK_MEL, mels * 200 / 3, _BREAK_HZ * np.exp((mels - _BREAK_MEL) * np.log(6.4) / 27))
    bins = np.fft.rfftfreq(FFT_SAMPLES, 1 / SAMPLE_RATE)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2]))
