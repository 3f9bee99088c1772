import threading
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from whisper.audio import log_mel_spectrogram, pad_or_trim
from whisper.decoding import DecodingOptions, decode

from coach.config import TranscribeConfig
from coach.errors import ConfigError, ModelError
from ingest.engines import Engine, FasterWhisperEngine, Sound, load_engine
from ingest.greedy import Decoded, Encoded, decode_greedily
from ingest.memory import Memory
from ingest.prefetch import Prefetch
from ingest.segments import segments_of
from ingest.vocabulary import Vocabulary
from ingest.weights import resolve_whisper
from ingest.whisper import WhisperEngine

# openai-whisper leaves the files of its vocabulary and its normaliser open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")

RATE = 16_000
EN = "en"


def hear(engine: Engine, windows: Sequence[np.ndarray], language: str | None = EN, **more: bool) -> list:
    """What is said in every window, in their order."""
    heard = dict(engine.transcribe([Sound(at, window, language, **more) for at, window in enumerate(windows)]))
    return [heard[at] for at in range(len(windows))]


def _mel(window: np.ndarray, n_mels: int = 80) -> torch.Tensor:
    return log_mel_spectrogram(pad_or_trim(torch.from_numpy(window)), n_mels)


def _decoded(engine: WhisperEngine, mels: torch.Tensor, languages: Sequence[str], rows: int = 2) -> list[Decoded]:
    """Our decoder on whole 30 s windows, of which fewer are decoded together than there are."""
    with torch.inference_mode():
        features = engine._encoder(mels)
        encoded = (Encoded(i, one, engine._prompt(languages[i]), 224) for i, one in enumerate(features))
        memory = engine._decoder.memory(rows)
        with Prefetch(encoded, 1) as ahead:
            heard = dict(decode_greedily(engine._decoder, engine._rules, memory, ahead))
    return [heard[i] for i in range(len(mels))]


def test_decoder_says_what_openai_whispers_says(tiny: WhisperEngine, windows) -> None:
    """Same tokens, timestamps included, and the same confidence as `whisper.decode` on the same 30 s windows."""
    mels = torch.stack([_mel(window) for window in windows])
    theirs = decode(tiny._whisper, mels, DecodingOptions(language=EN, fp16=False))
    for mine, other in zip(_decoded(tiny, mels, [EN] * len(windows)), theirs, strict=True):
        assert mine.tokens == other.tokens
        assert sum(mine.logprobs) / len(mine.logprobs) == pytest.approx(other.avg_logprob, abs=1e-3)
        assert mine.no_speech_prob == pytest.approx(other.no_speech_prob, abs=1e-4)
        assert len(mine.attention) == len(mine.tokens)


def test_multilingual_model_follows_the_same_rules(windows, cache_dir) -> None:
    """base: a prompt of three tokens, one language a row, and the language itself."""
    engine = WhisperEngine(resolve_whisper("base", device="cpu", cache_dir=cache_dir), dtype=torch.float32)
    mels = torch.stack([_mel(window) for window in windows[:2]])
    theirs = [
        decode(engine._whisper, mel, DecodingOptions(language=language, fp16=False))
        for mel, language in zip(mels, [EN, "de"], strict=True)
    ]
    assert [mine.tokens for mine in _decoded(engine, mels, [EN, "de"])] == [other.tokens for other in theirs]
    for shares in engine.detect_languages(windows[:2]):
        assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
        assert max(shares, key=lambda code: shares[code]) == EN


def test_window_is_heard_the_same_alone_and_in_a_batch(tiny: WhisperEngine, windows) -> None:
    for window, batched in zip(windows, hear(tiny, windows), strict=True):
        [alone] = hear(tiny, [window])
        assert [(s.text, s.start, s.end) for s in alone] == [(s.text, s.start, s.end) for s in batched]
        assert [s.avg_logprob for s in alone] == pytest.approx([s.avg_logprob for s in batched], abs=1e-3)


def test_steps_of_one_shape_say_the_same(tiny: WhisperEngine, windows, monkeypatch) -> None:
    """As on CUDA: every step takes all rows, also those that are free."""
    mels = torch.stack([_mel(window) for window in windows[:3]])
    expected = _decoded(tiny, mels, [EN] * 3, rows=2)
    make = tiny._decoder.memory

    def static(rows: int) -> Memory:
        memory = make(rows)
        memory.static = True
        return memory

    monkeypatch.setattr(tiny._decoder, "memory", static)
    shapes: set[int] = set()
    step = tiny._decoder.step
    monkeypatch.setattr(tiny._decoder, "step", lambda memory, *rest: shapes.add(len(rest[0])) or step(memory, *rest))
    assert [mine.tokens for mine in _decoded(tiny, mels, [EN] * 3, rows=2)] == [one.tokens for one in expected]
    assert shapes == {2}


def test_native_kernels_hear_what_torch_hears(tiny_weights, windows, heard_share) -> None:
    """In bfloat16, with the keys, values and small layers of the native path in 8 bits."""
    torch_only, native = (WhisperEngine(tiny_weights, dtype=torch.bfloat16, native=on) for on in (False, True))
    for slow, fast in zip(hear(torch_only, windows), hear(native, windows), strict=True):
        assert heard_share("".join(s.text for s in fast), "".join(s.text for s in slow)) > 0.85
        assert fast[0].words
        assert fast[0].words[0].start == pytest.approx(slow[0].words[0].start, abs=0.1)


def test_more_windows_than_rows_all_come_back(tiny_weights, windows) -> None:
    engine = WhisperEngine(tiny_weights, dtype=torch.float32, rows=2)
    many = [windows[i % 2] for i in range(5)]
    heard = hear(engine, many)
    for at, segments in enumerate(heard):
        assert [s.text for s in segments] == [s.text for s in heard[at % 2]]


def test_when_memory_runs_out_fewer_windows_are_decoded_together(tiny_weights, windows, monkeypatch) -> None:
    engine = WhisperEngine(tiny_weights, dtype=torch.float32, rows=4)
    windows = windows[:3]
    expected = hear(engine, windows)
    step, rows = engine._decoder.step, []

    def tight(memory, tokens, at):
        rows.append(memory.rows)
        if memory.rows > 1 and len(tokens) > 1:
            raise torch.OutOfMemoryError("as CUDA says it")
        return step(memory, tokens, at)

    engine._memory = None
    monkeypatch.setattr(engine._decoder, "step", tight)
    assert [[s.text for s in segments] for segments in hear(engine, windows)] == [
        [s.text for s in segments] for segments in expected
    ]
    assert list(dict.fromkeys(rows)) == [4, 2, 1]


def test_no_memory_at_all_is_said_in_a_sentence(tiny_weights, windows, monkeypatch) -> None:
    engine = WhisperEngine(tiny_weights, dtype=torch.float32, rows=2)

    def full(*_):
        raise torch.OutOfMemoryError("as CUDA says it")

    monkeypatch.setattr(engine._decoder, "step", full)
    with pytest.raises(ModelError, match="smaller model"):
        hear(engine, windows)


def test_abandoned_transcription_ends_its_thread(tiny: WhisperEngine, windows) -> None:
    threads = torch.get_num_threads()
    results = tiny.transcribe(Sound(at, window, EN) for at, window in enumerate(windows * 5))
    next(results)
    results.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "prefetch"]
    assert torch.get_num_threads() == threads


def test_error_in_the_windows_reaches_the_caller(tiny: WhisperEngine, windows) -> None:
    def broken():
        yield Sound(0, windows[0], EN)
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        list(tiny.transcribe(broken()))


def test_times_and_words_lie_inside_the_window(tiny: WhisperEngine, windows) -> None:
    for window, segments in zip(windows, hear(tiny, windows), strict=True):
        assert segments
        length = len(window) / RATE
        edges = [edge for s in segments for edge in (s.start, s.end)]
        assert edges == sorted(edges)
        assert 0 <= edges[0] <= edges[-1] <= length
        for segment in segments:
            times = [word.start for word in segment.words]
            assert times == sorted(times)
            assert all(0 <= time <= length for time in times)
            assert "".join(word.text for word in segment.words) == segment.text
            assert all(any(letter.isalnum() for letter in word.text) for word in segment.words)


def test_words_are_heard_on_the_right_side_of_a_pause(tiny: WhisperEngine, windows, demo_call, heard_share) -> None:
    """Two utterances with a silence of 3 s between: attention tells which words come after it."""
    first, second = windows[0], windows[2]
    joined = np.concatenate([first, np.zeros(3 * RATE, dtype=np.float32), second])
    [segments] = hear(tiny, [joined])
    words = [word for segment in segments for word in segment.words]
    early = "".join(word.text for word in words if word.start < len(first) / RATE + 0.5).lower()
    late = "".join(word.text for word in words if word.start > len(first) / RATE + 2.5).lower()
    assert heard_share(early, demo_call.turns[0]["text"]) > 0.6
    assert heard_share(late, demo_call.turns[2]["text"]) > 0.6
    assert len((early + late).split()) == len("".join(word.text for word in words).split())


def test_silence_yields_no_words(tiny: WhisperEngine) -> None:
    [heard] = hear(tiny, [np.zeros(5 * RATE, dtype=np.float32)])
    assert all(segment.no_speech_prob > 0.3 for segment in heard)


def test_no_windows_and_empty_windows_are_fine(tiny: WhisperEngine) -> None:
    assert hear(tiny, []) == []
    [heard] = hear(tiny, [np.zeros(0, dtype=np.float32)])
    assert all(segment.end == 0 for segment in heard)


def test_text_between_timestamps_becomes_segments(tiny: WhisperEngine) -> None:
    tokenizer = tiny._tokenizer
    at = tokenizer.timestamp_begin
    hello, bye = tokenizer.encode(" Hello."), tokenizer.encode(" Bye.")
    decoded = Decoded([at, *hello, at + 50, at + 100, *bye], [-0.1] * 20)
    first, second = segments_of(decoded, tokenizer, 4.0)
    assert (first.start, first.end, first.text) == (0.0, 1.0, " Hello.")
    assert (second.start, second.end, second.text) == (2.0, 4.0, " Bye.")


def test_hard_window_is_heard_by_beam_search(tiny: WhisperEngine, windows, demo_call, heard_share) -> None:
    [segments] = hear(tiny, [windows[0]], hard=True)
    assert heard_share("".join(segment.text for segment in segments), demo_call.turns[0]["text"]) > 0.6
    assert all("".join(word.text for word in s.words) == s.text for s in segments)
    assert segments[0].words[0].start < 0.6


def test_vocabulary_is_put_before_the_text(tiny_weights, windows, demo_call, heard_share) -> None:
    told = Vocabulary("Kestrelworth, Zumbrado.", ("Kestrelworth", "Zumbrado"))
    engine = WhisperEngine(tiny_weights, dtype=torch.float32, vocabulary=told)
    tokens = engine._prompt(EN)
    assert "Zumbrado" in engine._tokenizer.decode([token for token in tokens if token < engine._rules.eot])
    [segments] = hear(engine, windows[:1])
    assert heard_share("".join(segment.text for segment in segments), demo_call.turns[0]["text"]) > 0.6


def test_unknown_language_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="klingon"):
        load_engine(TranscribeConfig(language="klingon"))


def test_faster_whisper_never_asks_the_hub_for_a_tokenizer(tiny_weights, tmp_path) -> None:
    (tmp_path / "model.bin").symlink_to(tiny_weights.folder / "model.bin")
    weights = resolve_whisper(str(tmp_path), device="cpu")
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        FasterWhisperEngine(weights)


def test_faster_whisper_is_an_engine_too(tiny_weights, tiny: WhisperEngine, windows, demo_call, heard_share) -> None:
    engine = FasterWhisperEngine(tiny_weights, batch_size=2)
    mixed = [windows[0], np.zeros(0, dtype=np.float32), *windows[1:3]]
    heard = hear(engine, mixed)
    assert [bool(segments) for segments in heard] == [True, False, True, True]
    for segments, turn in zip([heard[0], *heard[2:]], demo_call.turns[:3], strict=True):
        assert heard_share("".join(segment.text for segment in segments), turn["text"]) > 0.6
    for window, segments in zip(mixed, heard, strict=True):
        assert all(0 <= s.start <= s.end <= len(window) / RATE for s in segments)
        assert all("".join(word.text for word in s.words) == s.text for s in segments)
    assert engine.detect_languages(windows[:1]) == tiny.detect_languages(windows[:1]) == [{"en": 1.0}]


def test_hard_windows_do_not_wait_for_the_end_of_the_night(tiny: WhisperEngine, windows) -> None:
    sounds = (Sound(at, windows[0][: 2 * RATE], EN, hard=at == 0) for at in range(2 * tiny._rows + 8))
    order = [key for key, _ in tiny.transcribe(sounds)]
    assert order.index(0) < tiny._rows + 8
    assert sorted(order) == list(range(len(order)))


def test_longest_prompt_and_longest_text_fit_the_text_context(tiny_weights, windows, monkeypatch) -> None:
    told = Vocabulary(" ".join(["Zumbrado"] * 120), ("Zumbrado",))
    engine = WhisperEngine(tiny_weights, dtype=torch.float32, vocabulary=told)
    monkeypatch.setattr("ingest.whisper.MAX_TOKENS_PER_S", 1000.0)
    sound = Sound(0, windows[0], EN)
    assert len(engine._prompt(EN)) + engine._limit(sound) <= engine._whisper.dims.n_text_ctx
    monkeypatch.setattr(engine._rules, "eot", -1)  # a text that never ends
    [(_, segments)] = engine.transcribe([sound])
    assert isinstance(segments, list)


def test_language_that_the_model_does_not_know_is_a_configuration_error(cache_dir) -> None:
    with pytest.raises(ConfigError, match="yue"):
        load_engine(TranscribeConfig(model="base", language="yue", cache_dir=str(cache_dir)))
