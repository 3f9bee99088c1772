import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from coach.errors import ModelError
from ingest import voices
from ingest.models import load_diarizer
from ingest.voices import PRINT_S, load_voice_encoder


@pytest.fixture(scope="module")
def reference() -> Any:
    """The package's own network, from its file, with the same weights."""
    package = importlib.util.find_spec(voices.PACKAGE)
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent
    spec = importlib.util.spec_from_file_location("reference_network", folder / "camplusplus.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.CAMPPlus(feat_dim=80, embedding_size=192)
    network.load_state_dict(torch.load(folder / voices.WEIGHTS, weights_only=True))
    return network.eval()


def test_our_network_computes_what_the_packages_own_does(reference: Any) -> None:
    """But for its last rectifier, which the published network does not have (3D-Speaker, `batchnorm_`)."""
    encoder = load_voice_encoder()
    noise = np.random.default_rng(3).normal(0, 0.1, (2, round(PRINT_S * 16_000) + 400)).astype(np.float32)
    with torch.inference_mode():
        features = torch.stack([encoder._features(sound) for sound in noise])
        assert torch.allclose(encoder._forward(features).relu(), reference(features), atol=1e-4)


def test_embeddings_have_unit_length_whatever_is_heard() -> None:
    sounds = [np.zeros(16_000, np.float32), np.ones(10, np.float32), np.sin(np.arange(90_000, dtype=np.float32))]
    found = load_voice_encoder().embed(sounds)
    assert found.shape == (3, 192)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)


def test_without_the_extra_nothing_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "PACKAGE", "no_such_package_here")
    with pytest.raises(ModelError, match=r"callcoach\[diarize\]") as caught:
        load_voice_encoder()
    assert caught.value.code == "no_voices"
    assert load_diarizer() is None


def test_changed_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "SHA256", "0" * 64)
    with pytest.raises(ModelError) as caught:
        load_diarizer()
    assert caught.value.code == "weights_damaged"
