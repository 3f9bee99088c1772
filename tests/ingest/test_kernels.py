"""The native kernels against plain torch in float32."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from whisper.tokenizer import get_tokenizer

from ingest.greedy import Rows, Rules
from ingest.kernels import MAX_SOUND, WIDTH, Kernels, Weights8, load_kernels

# openai-whisper leaves the file of its vocabulary open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")

HEADS = 6


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    loaded = load_kernels()
    if loaded is None:
        pytest.skip("no native kernels here: not built, or a processor without AVX-512 BF16")
    return loaded


@pytest.fixture
def drawn() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def _split(x: Tensor) -> Tensor:
    return x.float().view(len(x), HEADS, WIDTH).transpose(0, 1)


@pytest.mark.parametrize("positions", [1, 31, 32, 129, 700, 1500])
def test_encoder_attention(kernels: Kernels, drawn: torch.Generator, positions: int) -> None:
    if not kernels.has_tiles:
        pytest.skip("no AMX here")
    qkv = torch.randn(positions, 3 * HEADS * WIDTH, generator=drawn).bfloat16()
    query, key, value = map(_split, qkv.chunk(3, dim=1))
    true = F.scaled_dot_product_attention(query, key, value).transpose(0, 1).flatten(start_dim=1)
    assert torch.allclose(kernels.encode(qkv, HEADS).float(), true, atol=0.02, rtol=0.02)


@pytest.mark.parametrize(("rows", "depth", "width"), [(1, 64, 1), (16, 384, 1536), (17, 1536, 384), (40, 512, 130)])
def test_linear_layer_in_8_bits(kernels: Kernels, drawn: torch.Generator, rows: int, depth: int, width: int) -> None:
    if not kernels.has_tiles:
        pytest.skip("no AMX here")
    x = torch.randn(rows, depth, generator=drawn).bfloat16()
    weight = (0.05 * torch.randn(width, depth, generator=drawn)).bfloat16()
    bias = torch.randn(width, generator=drawn)
    true = F.linear(x.float(), weight.float(), bias)
    out = kernels.linear(x, Weights8(weight, bias))
    assert out.shape == true.shape
    assert (out.float() - true).abs().mean() < 0.015 * true.abs().mean()


def test_forbidden_tokens_stay_forbidden_in_8_bits(kernels: Kernels) -> None:
    if not kernels.has_tiles:
        pytest.skip("no AMX here")
    bias = torch.tensor([0.0, -torch.inf, 1.0])
    out = kernels.linear(torch.ones(2, 64).bfloat16(), Weights8(torch.zeros(3, 64).bfloat16(), bias))
    assert out.float().tolist() == [[0.0, -torch.inf, 1.0]] * 2


def test_past_attention_takes_the_new_token_in(kernels: Kernels, drawn: torch.Generator) -> None:
    past = torch.randn(4, 2, 448, HEADS, WIDTH, generator=drawn).bfloat16()
    qkv = torch.randn(3, 3 * HEADS * WIDTH, generator=drawn).bfloat16()
    at = torch.tensor([0, 15, 447])
    out = kernels.past_attention(qkv, past, at)
    for row, last in enumerate(at.tolist()):
        query, key, value = qkv[row].view(3, HEADS, WIDTH)
        assert torch.equal(past[row, 0, last], key)
        assert torch.equal(past[row, 1, last], value)
        keys, values = (past[row, kind, : last + 1].float().transpose(0, 1) for kind in (0, 1))
        true = F.scaled_dot_product_attention(query.float()[:, None], keys, values)[:, 0].flatten()
        assert torch.allclose(out[row].float(), true, atol=0.02)


def test_sound_attention_and_where_it_listened(kernels: Kernels, drawn: torch.Generator) -> None:
    lengths = torch.tensor([1, 50, 1500])
    query = (2 * torch.randn(3, HEADS * WIDTH, generator=drawn)).bfloat16()
    sound = torch.zeros(3, kernels.sound_bytes(HEADS, MAX_SOUND), dtype=torch.uint8)
    listens, heard = torch.tensor([-1, 1, -1, 0, -1, -1]), torch.zeros(3, 2, MAX_SOUND)
    both = torch.randn(1500, 2 * HEADS * WIDTH, generator=drawn).bfloat16()
    for row, n in enumerate(lengths.tolist()):
        keys, values = both[:n].chunk(2, dim=1)
        kernels.store_sound(keys, values, sound[row], MAX_SOUND)
    out = kernels.sound_attention(query, sound, lengths, listens, heard)
    for row, n in enumerate(lengths.tolist()):
        keys, values = (_split(part) for part in both[:n].chunk(2, dim=1))
        shares = (query[row].float().view(HEADS, 1, WIDTH) @ keys.transpose(1, 2) / 8).softmax(dim=-1)
        true = (shares @ values).flatten()
        assert (out[row].float() - true).abs().max() < 0.05 * true.abs().max()
        assert torch.allclose(heard[row, :, :n], shares[[3, 1], 0], atol=0.02)


def test_choice_follows_the_same_rules_as_in_torch(kernels: Kernels, drawn: torch.Generator) -> None:
    tokenizer = get_tokenizer(multilingual=False)
    count, begin = 64, tokenizer.timestamp_begin
    vocabulary = begin + 1501
    in_torch, native = (Rules(tokenizer, vocabulary, torch.device("cpu"), use) for use in (None, kernels))
    logits = (4 * torch.randn(count, vocabulary, generator=drawn) + in_torch.bias).bfloat16()
    logits[::3, begin:] += 3  # where timestamps are likely
    logits[::5, tokenizer.eot] += 30
    rows = Rows(count, 10, 1500, torch.device("cpu"))
    rows.last_is_stamp = torch.rand(count, generator=drawn) < 0.6
    rows.before_is_stamp = torch.rand(count, generator=drawn) < 0.5
    rows.stamp = torch.randint(0, 1501, (count,), generator=drawn)
    rows.stamp[0] = 1500
    tokens, logprobs = native.choose(logits, rows)
    true_tokens, true_logprobs = in_torch.choose(logits.clone(), rows)
    assert len(set(true_tokens.tolist()) - {tokenizer.eot}) > 20
    assert tokens.tolist() == true_tokens.tolist()
    assert torch.allclose(logprobs, true_logprobs, atol=1e-3)
