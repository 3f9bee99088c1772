"""Reading a question together with the customer's last words: word pieces, batches of like length, two heads' logits.

The pair goes through the sentence encoder as trained (weights.py) in one piece, "[CLS] customer [SEP] question [SEP]",
and the mean over the question's own pieces is what the heads see.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from coach.questions.find import MAX_PREV_WORDS
from coach.questions.weights import WEIGHTS_FILE, Card, Head, load_weights
from coach.retrieval.bert import Bert, padded, read_config, read_weights
from coach.retrieval.embeddings import PACKAGED_SHA256, resolve_weights

MAX_PREV_PIECES = 60
MAX_TEXT_PIECES = 80
"""Of both the end is read: the last thing said, and the last thing asked."""
BATCH_PIECES = 2048
CUDA_BATCH_PIECES = 65_536
"""Word pieces computed together, padding included."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Word pieces of the customer's last words and of the question, without marks."""

    prev: list[int]
    text: list[int]

    def __len__(self) -> int:
        return len(self.prev) + len(self.text)


class PairReader:
    """(customer's last words, question) to word pieces, as the network was trained on."""

    def __init__(self, tokenizer_file: str) -> None:
        self._tokenizer: Any = Tokenizer.from_file(tokenizer_file)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.cls, self.sep = self._tokenizer.encode("").ids  # the marks [CLS] and [SEP]

    def read(self, items: Sequence[tuple[str, str]]) -> list[Pair]:
        """One pair an item, in order; equal texts are cut into pieces once."""
        clean = [tuple(part.encode("utf-8", "replace").decode("utf-8") for part in item) for item in items]
        texts = {" ".join(prev.split()[-MAX_PREV_WORDS:]) for prev, _ in clean} | {text for _, text in clean}
        unique = sorted(texts)
        encoded = self._tokenizer.encode_batch(unique, add_special_tokens=False)
        pieces = {text: encoding.ids for text, encoding in zip(unique, encoded, strict=True)}
        return [
            Pair(pieces[" ".join(prev.split()[-MAX_PREV_WORDS:])][-MAX_PREV_PIECES:], pieces[text][-MAX_TEXT_PIECES:])
            for prev, text in clean
        ]


class QuestionNetwork:
    """The trained encoder and its heads on one device."""

    def __init__(
        self, bert: Bert, form: Head, function: Head, reader: PairReader, card: Card, fingerprint: str
    ) -> None:
        self.card = card
        self.fingerprint = fingerprint
        """Of everything in the file of weights."""
        self._bert, self._reader = bert, reader
        self._weight = torch.cat([form.weight, function.weight]).to(bert.device)
        self._bias = torch.cat([form.bias, function.bias]).to(bert.device)
        self._n_forms = len(card.forms)
        self._batch_pieces = BATCH_PIECES if bert.device.type == "cpu" else CUDA_BATCH_PIECES

    def logits(self, items: Sequence[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
        """float32 of form (n, forms) and of function (n, functions), in order; n may be 0."""
        found = np.zeros((len(items), self._weight.shape[0]), dtype=np.float32)
        pairs = self._reader.read(items)
        with torch.inference_mode():
            for rows in _batches([len(pair) for pair in pairs], self._batch_pieces):
                found[rows] = self._of_batch([pairs[row] for row in rows]).cpu().numpy()
        return found[:, : self._n_forms], found[:, self._n_forms :]

    def _of_batch(self, pairs: Sequence[Pair]) -> torch.Tensor:
        cls, sep = self._reader.cls, self._reader.sep
        ids, mask = padded([[cls, *pair.prev, sep, *pair.text, sep] for pair in pairs], self._bert.device)
        place = torch.arange(ids.shape[1], device=ids.device)
        first = torch.tensor([len(pair.prev) + 2 for pair in pairs], device=ids.device)[:, None]
        length = torch.tensor([len(pair.text) for pair in pairs], device=ids.device)[:, None]
        second = (place >= first) & mask
        states = self._bert.last_layer(ids, mask, second.long())
        own = second & (place < first + length)
        weight = own.to(states.dtype) / length.clamp(min=1).to(states.dtype)
        mean = torch.bmm(weight[:, None, :], states)[:, 0]
        return torch.nn.functional.linear(mean.float(), self._weight, self._bias)


def load_network(device: str = "cpu", path: Path = WEIGHTS_FILE) -> QuestionNetwork:
    """The network on `device` ("cpu", "cuda", "cuda:1", or "auto"), in 16-bit floats where the device computes them.

    Raises ModelError when the installed encoder or the weights are missing, damaged or do not belong together.
    """
    folder, _ = resolve_weights(None)
    base = read_weights(folder)
    weights = load_weights(base, PACKAGED_SHA256, path)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    bert = Bert({**base, **weights.encoder}, read_config(folder), device, number_type(device))
    reader = PairReader(str(folder / "tokenizer.json"))
    fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return QuestionNetwork(bert, weights.form, weights.function, reader, weights.card, fingerprint)


def number_type(device: str) -> torch.dtype:
    """bfloat16 where the device multiplies it natively, else float16 on CUDA and float32 on a CPU."""
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    native = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def _batches(lengths: Sequence[int], batch_pieces: int) -> list[list[int]]:
    """Rows in batches of like length, at most `batch_pieces` pieces each with padding; every row in one of them."""
    batches: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row], reverse=True):
        longest = lengths[batches[-1][0]] + 3 if batches else 0
        if batches and (len(batches[-1]) + 1) * longest <= batch_pieces:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches
