"""The default recogniser: openai-whisper's model and rules under our own batched decoding."""

import ctypes
import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn
from whisper.audio import SAMPLE_RATE, log_mel_spectrogram, pad_or_trim
from whisper.decoding import DecodingOptions, DecodingResult, decode
from whisper.model import Whisper
from whisper.tokenizer import Tokenizer, get_tokenizer

from coach.errors import ModelError
from ingest.engines import RawSegment, Sound
from ingest.greedy import Decoded, Encoded, Rules, decode_greedily
from ingest.kernels import load_kernels
from ingest.memory import Memory
from ingest.network import Encoder, TextDecoder
from ingest.prefetch import Prefetch
from ingest.segments import segments_of
from ingest.vocabulary import NOTHING, PROMPT_TOKENS, Vocabulary
from ingest.weights import WhisperWeights, load_whisper

WINDOW_S = 30.0
TAIL_S = 1.0  # silence encoded after a window's sound: without it the decoder misses the end
CPU_STEP_S, CUDA_STEP_S = 2.0, 5.0  # encoded lengths are rounded up to this: few shapes, and windows that share them
CPU_ROWS, MAX_CUDA_ROWS = 32, 256
ENCODED_TOGETHER = 16  # windows, on CUDA
ENCODED_AHEAD = 4  # windows that wait for a free row
LOOKAHEAD = 64  # windows among which those of like length are encoded together
RESERVE_BYTES = 2 << 30  # of CUDA memory, for what the encoder needs while it works
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
HARD_BEAMS = 5
HARD_TEMPERATURES = (0.0, 0.4, 0.8)
MIN_TOKENS, MAX_TOKENS_PER_S = 20, 12.0  # fast English has 6 a second, timestamps included
MAX_FOREIGN_TOKENS_PER_S = 40.0  # other scripts take up to three tokens a letter
MAX_COMPRESSION, MIN_LOGPROB = 2.4, -1.0  # openai-whisper's thresholds for trying a higher temperature


class WhisperEngine:
    """Whisper in torch: bfloat16 where a CPU computes in it, float16 on CUDA, float32 elsewhere."""

    name = "whisper"

    def __init__(
        self,
        weights: WhisperWeights,
        *,
        device: str = "cpu",
        rows: int | None = None,
        dtype: torch.dtype | None = None,
        native: bool = True,
        vocabulary: Vocabulary = NOTHING,
    ) -> None:
        """`rows`: windows decoded together; None: 32 on a CPU, what free memory holds on CUDA.

        `native`: whether the native kernels are used where they can be.
        """
        self.model = weights.name
        self._device = torch.device(device)
        dtype = dtype or _best_dtype(self._device)
        if self._device.type == "cpu":
            _keep_freed_memory()
        self._whisper = _cast(load_whisper(weights, device), dtype)
        self._tokenizer: Tokenizer = get_tokenizer(
            self._whisper.is_multilingual, num_languages=self._whisper.num_languages, language="en", task="transcribe"
        )
        kernels = load_kernels() if native and self._device.type == "cpu" and dtype == torch.bfloat16 else None
        self._rules = Rules(self._tokenizer, self._whisper.dims.n_vocab, self._device, kernels)
        with torch.inference_mode():
            self._encoder = Encoder(self._whisper, kernels)
            self._decoder = TextDecoder(self._whisper, kernels, bias=self._rules.bias)
            self._rows = rows or self._rows_that_fit(dtype)
            self._memory: Memory | None = None
        self.vocabulary = vocabulary
        self._before = self._tokenizer.encode(f" {vocabulary.prompt}")[-PROMPT_TOKENS:] if vocabulary.prompt else []
        self.languages = frozenset(self._tokenizer.all_language_codes) if self._whisper.is_multilingual else {"en"}

    def transcribe(self, sounds: Iterable[Sound]) -> Iterator[tuple[object, list[RawSegment]]]:
        hard: deque[Sound] = deque()
        for sound, decoded in self._decode(_without_hard(sounds, hard)):
            yield sound.key, self._segments(sound, decoded)
            yield from self._hear_hard(hard)
        yield from self._hear_hard(hard)

    def _hear_hard(self, hard: deque[Sound]) -> Iterator[tuple[object, list[RawSegment]]]:
        """The hard windows that have come up so far: they do not wait for the end of the night."""
        while hard:
            sound = hard.popleft()
            try:
                decoded = self._decode_carefully(sound)
            except torch.OutOfMemoryError:
                decoded = Decoded()  # its speech counts as lost, and is flagged
            yield sound.key, self._segments(sound, decoded)

    def _segments(self, sound: Sound, decoded: Decoded) -> list[RawSegment]:
        return segments_of(decoded, self._tokenizer, len(sound.samples) / SAMPLE_RATE, sound.language)

    @torch.inference_mode()
    def detect_languages(self, windows: Sequence[np.ndarray]) -> list[dict[str, float]]:
        if not self._whisper.is_multilingual:
            return [{"en": 1.0} for _ in windows]
        memory, start = self._decoder.memory(1), torch.tensor([self._tokenizer.sot], device=self._device)
        tokens, codes = list(self._tokenizer.all_language_tokens), self._tokenizer.all_language_codes
        found = []
        for window in windows:
            logits = self._decoder.admit(memory, 0, self._encode([window])[0], start)[0]
            found.append(dict(zip(codes, logits[tokens].softmax(dim=0).tolist(), strict=True)))
        return found

    def _decode(self, sounds: Iterator[Sound]) -> Iterator[tuple[Sound, Decoded]]:
        """Each window's text when it is done. When memory runs out: half as many rows, and those in work once more."""
        taken: dict[int, Sound] = {}
        again: deque[Sound] = deque()

        def waiting() -> Iterator[Sound]:
            while True:
                if (sound := again.popleft() if again else self._next(sounds)) is None:
                    return
                taken[id(sound)] = sound
                yield sound

        while True:
            try:
                self._memory = self._memory or self._decoder.memory(self._rows)
                with self._ahead(self._encoded(waiting())) as encoded:
                    for sound, decoded in decode_greedily(self._decoder, self._rules, self._memory, encoded):
                        del taken[id(sound)]
                        yield sound, decoded
                return
            except torch.OutOfMemoryError:
                if self._rows == 1:
                    raise self._no_memory() from None
                again.extend(taken.values())
                taken.clear()
                self._rows, self._memory = self._rows // 2, None
            torch.cuda.empty_cache()

    def _next(self, sounds: Iterator[Sound]) -> Sound | None:
        """The next window; whoever makes it must find memory for that, since what it did is lost with its error."""
        try:
            return next(sounds, None)
        except torch.OutOfMemoryError:
            raise self._no_memory() from None

    def _no_memory(self) -> ModelError:
        message = f"{self._device} has too little memory left for {self.model}; choose a smaller model."
        return ModelError(message, code="no_memory")

    @contextmanager
    def _ahead(self, encoded: Iterator[Encoded[Sound]]) -> Iterator[Prefetch[Encoded[Sound]]]:
        """Encodes in a thread of its own while the caller decodes.

        On a CPU the two share the cores, since encoding waits for arithmetic and decoding for memory.
        """
        threads = torch.get_num_threads()
        mine = theirs = threads
        if self._device.type == "cpu":
            mine = max(1, threads // 2)
            theirs = max(1, threads - mine)
        with Prefetch(encoded, ENCODED_AHEAD, begin=partial(torch.set_num_threads, theirs)) as ahead:
            torch.set_num_threads(mine)
            try:
                yield ahead
            finally:
                torch.set_num_threads(threads)

    @torch.inference_mode()
    def _encoded(self, sounds: Iterator[Sound]) -> Iterator[Encoded[Sound]]:
        """Windows with their features: one by one on a CPU, batches of like length on CUDA."""
        if self._device.type == "cpu":
            for sound in sounds:
                features = self._encode([sound.samples])[0]
                yield Encoded(sound, features, self._prompt(sound.language), self._limit(sound))
            return
        while ahead := sorted(islice(sounds, LOOKAHEAD), key=lambda sound: -len(sound.samples)):
            for first in range(0, len(ahead), ENCODED_TOGETHER):
                batch = ahead[first : first + ENCODED_TOGETHER]
                for sound, features in zip(batch, self._encode([sound.samples for sound in batch]), strict=True):
                    yield Encoded(sound, features, self._prompt(sound.language), self._limit(sound))

    def _limit(self, sound: Sound) -> int:
        """Tokens that a window may have: a loop ends here, the fastest speech does not."""
        dims, seconds = self._whisper.dims, len(sound.samples) / SAMPLE_RATE
        per_s = MAX_TOKENS_PER_S if (sound.language or "en") == "en" else MAX_FOREIGN_TOKENS_PER_S
        room = dims.n_text_ctx - len(self._prompt(sound.language))
        return int(min(dims.n_text_ctx // 2, room, MIN_TOKENS + per_s * seconds))

    @torch.inference_mode()
    def _encode(self, windows: Sequence[np.ndarray], length_s: float = 0.0) -> Tensor:
        """Features, (windows, positions, state), all as long as the longest needs."""
        step = CPU_STEP_S if self._device.type == "cpu" else CUDA_STEP_S
        longest = max(map(len, windows)) / SAMPLE_RATE + TAIL_S
        length = round(min(WINDOW_S, max(length_s, step * math.ceil(longest / step))) * SAMPLE_RATE)
        sound = torch.stack([pad_or_trim(torch.from_numpy(window), length) for window in windows])
        if self._device.type == "cuda":
            sound = sound.pin_memory().to(self._device, non_blocking=True)
        return self._encoder(torch.stack([log_mel_spectrogram(one, self._whisper.dims.n_mels) for one in sound]))

    def _prompt(self, language: str | None) -> tuple[int, ...]:
        tokenizer = self._tokenizer
        before = [tokenizer.sot_prev, *self._before] if self._before else []
        if tokenizer.language is None:
            return (*before, *tokenizer.sot_sequence)
        return (
            *before,
            tokenizer.sot,
            tokenizer.to_language_token(language or tokenizer.language),
            tokenizer.transcribe,
        )

    @torch.inference_mode()
    def _decode_carefully(self, sound: Sound) -> Decoded:
        """One window by openai-whisper's beam search, by sampling when that fails, until its thresholds are met."""
        features = self._encode([sound.samples], WINDOW_S)
        for temperature in HARD_TEMPERATURES:
            options = DecodingOptions(
                language=sound.language or self._tokenizer.language or "en",
                beam_size=None if temperature else HARD_BEAMS,
                temperature=temperature,
                prompt=self._before or None,
                sample_len=self._limit(sound),
                fp16=False,
            )
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)  # the same sound gives the same text
                result: DecodingResult = decode(self._whisper, features.float(), options)[0]
            if result.compression_ratio <= MAX_COMPRESSION and result.avg_logprob >= MIN_LOGPROB:
                break
        logprobs = [result.avg_logprob] * (len(result.tokens) + 1)
        heard = self._listen(features[0], self._prompt(sound.language), result.tokens)
        return Decoded(list(result.tokens), logprobs, result.no_speech_prob, heard)

    def _listen(self, features: Tensor, prompt: Sequence[int], tokens: Sequence[int]) -> np.ndarray:
        """Where the decoder listens for each of these tokens, given the ones before."""
        memory = self._decoder.memory(1)
        self._decoder.admit(memory, 0, features, torch.tensor(prompt, device=self._device))
        heard = np.zeros((len(tokens), len(features)), dtype=np.float32)
        for at, token in enumerate(tokens[:-1]):
            where = torch.tensor([len(prompt) + at], device=self._device)
            self._decoder.step(memory, torch.tensor([token], device=self._device), where)
            heard[at + 1] = memory.heard(1)[0, : len(features)].cpu().numpy()
        return heard

    def _rows_that_fit(self, dtype: torch.dtype) -> int:
        if self._device.type != "cuda":
            return CPU_ROWS
        dims = self._whisper.dims
        row_bytes = 2 * dims.n_text_layer * dims.n_text_state * (dims.n_audio_ctx + dims.n_text_ctx) * dtype.itemsize
        row_bytes += (dims.n_text_ctx // 2) * dims.n_audio_ctx * 2  # where it listened, float16
        free, _ = torch.cuda.mem_get_info(self._device)
        return int(max(1, min(MAX_CUDA_ROWS, (free - RESERVE_BYTES) // row_bytes)))


def _without_hard(sounds: Iterable[Sound], hard: deque[Sound]) -> Iterator[Sound]:
    """The windows to be decoded together; the hard ones are put into `hard`."""
    for sound in sounds:
        if sound.hard:
            hard.append(sound)
        else:
            yield sound


def _keep_freed_memory() -> None:
    """Lets the C library keep what tensors free, up to half a gigabyte.

    Otherwise every tensor of some hundred kilobytes comes from the kernel anew, page by page, which costs up to a fifth
    of the encoder's time. Other C libraries than glibc do not know the call.
    """
    with suppress(AttributeError, OSError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(M_MMAP_THRESHOLD, 1 << 25)  # the most that every version takes
        set_option(M_TRIM_THRESHOLD, 1 << 29)


def _best_dtype(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        return torch.float16
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if device.type == "cpu" and fast else torch.float32


def _cast(model: Whisper, dtype: torch.dtype) -> Whisper:
    """Casts the multiplying modules; norms stay in float32, where openai-whisper computes them."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Embedding):
            module.to(dtype)
    return model
