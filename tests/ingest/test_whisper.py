import numpy as np
import pytest
import torch
from whisper.audio import log_mel_spectrogram, pad_or_trim
from whisper.decoding import DecodingOptions, decode

from coach.config import TranscribeConfig
from coach.errors import ConfigError, ModelError
from ingest.engines import FasterWhisperEngine, load_engine
from ingest.greedy import Decoded, decode_greedily, encode
from ingest.weights import resolve_whisper
from ingest.whisper import WhisperEngine, segments_of

# openai-whisper leaves the files of its vocabulary and its normaliser open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")

RATE = 16_000
EN = "en"


def _mel(window: np.ndarray, n_mels: int = 80) -> torch.Tensor:
    return log_mel_spectrogram(pad_or_trim(torch.from_numpy(window)), n_mels)


def test_decoder_says_what_openai_whispers_says(tiny: WhisperEngine, windows) -> None:
    """Same tokens, timestamps included, and the same confidence as `whisper.decode` on the same 30 s windows."""
    mels = torch.stack([_mel(window) for window in windows])
    theirs = decode(tiny._whisper, mels, DecodingOptions(language=EN, fp16=False))
    with torch.inference_mode():
        ours = decode_greedily(tiny._whisper, encode(tiny._whisper, mels), [EN] * len(windows), tiny._tokenizer)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.tokens == other.tokens
        assert sum(mine.logprobs) / len(mine.logprobs) == pytest.approx(other.avg_logprob, abs=1e-3)
        assert mine.no_speech_prob == pytest.approx(other.no_speech_prob, abs=1e-4)
        assert len(mine.attention) == len(mine.tokens)


def test_multilingual_model_follows_the_same_rules(windows, cache_dir) -> None:
    """base: a prompt of three tokens, one language a row, and the language itself."""
    engine = load_engine(TranscribeConfig(model="base", cache_dir=str(cache_dir)))
    assert isinstance(engine, WhisperEngine)
    model = engine._whisper.float()
    mels = torch.stack([_mel(window) for window in windows[:2]])
    with torch.inference_mode():
        features = encode(model, mels)
        ours = decode_greedily(model, features, [EN, "de"], engine._tokenizer)
    for mine, language, own in zip(ours, [EN, "de"], features, strict=True):
        other = decode(model, own[None], DecodingOptions(language=language, fp16=False))[0]
        assert mine.tokens == other.tokens
    engine._dtype = torch.float32
    for shares in engine.detect_languages(windows[:2]):
        assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
        assert max(shares, key=lambda code: shares[code]) == EN


def test_window_is_heard_the_same_alone_and_in_a_batch(tiny: WhisperEngine, windows) -> None:
    together = tiny.transcribe(windows, languages=[EN] * len(windows))
    for window, batched in zip(windows, together, strict=True):
        [alone] = tiny.transcribe([window], languages=[EN])
        assert [(s.text, s.start, s.end) for s in alone] == [(s.text, s.start, s.end) for s in batched]
        assert [s.avg_logprob for s in alone] == pytest.approx([s.avg_logprob for s in batched], abs=1e-3)


def test_times_and_words_lie_inside_the_window(tiny: WhisperEngine, windows) -> None:
    for window, segments in zip(windows, tiny.transcribe(windows, languages=[EN] * len(windows)), strict=True):
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
    [segments] = tiny.transcribe([joined], languages=[EN])
    words = [word for segment in segments for word in segment.words]
    early = "".join(word.text for word in words if word.start < len(first) / RATE + 0.5).lower()
    late = "".join(word.text for word in words if word.start > len(first) / RATE + 2.5).lower()
    assert heard_share(early, demo_call.turns[0]["text"]) > 0.6
    assert heard_share(late, demo_call.turns[2]["text"]) > 0.6
    assert len((early + late).split()) == len("".join(word.text for word in words).split())


def test_silence_yields_no_words(tiny: WhisperEngine) -> None:
    [heard] = tiny.transcribe([np.zeros(5 * RATE, dtype=np.float32)], languages=[EN])
    assert all(segment.no_speech_prob > 0.3 for segment in heard)


def test_no_windows_and_empty_windows_are_fine(tiny: WhisperEngine) -> None:
    assert tiny.transcribe([], languages=[]) == []
    assert tiny.transcribe([np.zeros(0, dtype=np.float32)], languages=[EN]) == [[]]


def test_batches_hold_like_lengths(tiny: WhisperEngine) -> None:
    lengths = [29, 3, 28.5, 3.5, 12]
    batches = tiny._batches([np.zeros(round(s * RATE), dtype=np.float32) for s in lengths])
    assert batches == [[0, 2], [4], [1, 3]]


def test_text_between_timestamps_becomes_segments(tiny: WhisperEngine) -> None:
    tokenizer = tiny._tokenizer
    at = tokenizer.timestamp_begin
    hello, bye = tokenizer.encode(" Hello."), tokenizer.encode(" Bye.")
    decoded = Decoded([at, *hello, at + 50, at + 100, *bye], [-0.1] * 20)
    first, second = segments_of(decoded, tokenizer, 4.0)
    assert (first.start, first.end, first.text) == (0.0, 1.0, " Hello.")
    assert (second.start, second.end, second.text) == (2.0, 4.0, " Bye.")


def test_loop_is_tried_again_by_beam_search(tiny: WhisperEngine, windows, demo_call, heard_share, monkeypatch) -> None:
    """A looping window gets one more try; what loops again is left to the guards."""
    token = tiny._tokenizer.encode(" round")[0]
    looping = Decoded([tiny._tokenizer.timestamp_begin, *[token] * 100], [-0.1] * 101, 0.0)
    monkeypatch.setattr("ingest.whisper.decode_greedily", lambda *_: [looping])
    [segments] = tiny.transcribe([windows[0]], languages=[EN])
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
    heard = engine.transcribe(mixed, languages=[EN] * 4)
    assert [bool(segments) for segments in heard] == [True, False, True, True]
    for segments, turn in zip([heard[0], *heard[2:]], demo_call.turns[:3], strict=True):
        assert heard_share("".join(segment.text for segment in segments), turn["text"]) > 0.6
    for window, segments in zip(mixed, heard, strict=True):
        assert all(0 <= s.start <= s.end <= len(window) / RATE for s in segments)
        assert all("".join(word.text for word in s.words) == s.text for s in segments)
    assert engine.detect_languages(windows[:1]) == tiny.detect_languages(windows[:1]) == [{"en": 1.0}]
