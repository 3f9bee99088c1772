from pathlib import Path

import pytest
import torch

from coach.errors import ModelError
from coach.questions.weights import WEIGHTS_FILE, Card, Head, Weights, load_weights, save_weights

CARD = Card("ab" * 32, ("open", "closed", "none"), ("opener", "none"), 1.1, 0.9, 0.7, 0.5, 0.8)
MAX_BYTES = 12_000_000


@pytest.fixture
def base() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {"layer.weight": torch.randn(6, 4), "layer.bias": torch.randn(6), "words": torch.randn(9, 4)}


@pytest.fixture
def weights(base: dict[str, torch.Tensor]) -> Weights:
    encoder = {name: base[name] + 0.1 * torch.randn_like(base[name]) for name in ("layer.weight", "layer.bias")}
    return Weights(CARD, encoder, Head(torch.randn(3, 4), torch.randn(3)), Head(torch.randn(2, 4), torch.randn(2)))


def test_saved_weights_come_back(base: dict[str, torch.Tensor], weights: Weights, tmp_path: Path) -> None:
    save_weights(base, weights, tmp_path / "w.safetensors")
    found = load_weights(base, "ab" * 32, tmp_path / "w.safetensors")
    assert found.card == CARD
    assert set(found.encoder) == set(weights.encoder)
    torch.testing.assert_close(found.encoder["layer.bias"], weights.encoder["layer.bias"])
    change = (weights.encoder["layer.weight"] - base["layer.weight"]).abs().amax(dim=1, keepdim=True)
    error = (found.encoder["layer.weight"] - weights.encoder["layer.weight"]).abs()
    assert bool((error <= change / 254 + 1e-6).all())
    torch.testing.assert_close(found.form.weight, weights.form.weight)
    torch.testing.assert_close(found.function.bias, weights.function.bias)


def test_another_encoder_is_refused(base: dict[str, torch.Tensor], weights: Weights, tmp_path: Path) -> None:
    save_weights(base, weights, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match="another sentence encoder"):
        load_weights(base, "cd" * 32, tmp_path / "w.safetensors")


def test_missing_and_damaged_weights_are_a_model_error(
    base: dict[str, torch.Tensor], weights: Weights, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="missing"):
        load_weights(base, "ab" * 32, tmp_path / "none.safetensors")
    save_weights(base, weights, tmp_path / "w.safetensors")
    whole = (tmp_path / "w.safetensors").read_bytes()
    for broken in (b"not weights", whole[: len(whole) // 2]):
        (tmp_path / "bad.safetensors").write_bytes(broken)
        with pytest.raises(ModelError, match="cannot be read"):
            load_weights(base, "ab" * 32, tmp_path / "bad.safetensors")
    with pytest.raises(ModelError, match="cannot be read"):
        load_weights({"words": base["words"]}, "ab" * 32, tmp_path / "w.safetensors")


def test_the_shipped_weights_are_small() -> None:
    assert WEIGHTS_FILE.stat().st_size <= MAX_BYTES
