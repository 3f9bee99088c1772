from pathlib import Path

import pytest

from coach.config import load_config
from coach.errors import ConfigError
from ingest.vocabulary import PROMPT_TOKENS, fit_vocabulary, load_vocabulary, read_terms


def letters(text: str) -> int:
    """A tokenizer that makes a token of three letters."""
    return -(-len(text) // 3)


def test_terms_become_a_list() -> None:
    vocabulary = fit_vocabulary(read_terms(["Zorbify", " Tavuna  Flex ", "Zorbify"]), letters)
    assert vocabulary.prompt == "Zorbify, Tavuna Flex."
    assert vocabulary.terms == ("Zorbify", "Tavuna Flex")
    assert vocabulary.notice is None


def test_no_terms_no_prompt() -> None:
    vocabulary = fit_vocabulary(read_terms(()), letters)
    assert (vocabulary.prompt, vocabulary.terms, vocabulary.notice) == ("", (), None)


def test_what_does_not_fit_is_told() -> None:
    terms = [f"Product number {i}" for i in range(100)]
    vocabulary = fit_vocabulary(terms, letters)
    assert letters(" " + vocabulary.prompt) <= PROMPT_TOKENS < letters(" " + vocabulary.prompt) + 8
    assert [*vocabulary.terms, *vocabulary.left_out] == terms
    assert vocabulary.notice is not None
    assert f"first {len(vocabulary.terms)} of 100 terms" in vocabulary.notice
    assert vocabulary.left_out[0] in vocabulary.notice


@pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")  # its vocabulary files
@pytest.mark.parametrize("multilingual", [True, False])
def test_the_models_own_tokenizer_counts(multilingual: bool) -> None:
    from whisper.tokenizer import get_tokenizer

    vocabulary = load_vocabulary([f"Quellaro {i}" for i in range(200)], multilingual=multilingual)
    assert 30 < len(vocabulary.terms) < 80
    assert len(get_tokenizer(multilingual).encode(" " + vocabulary.prompt)) <= PROMPT_TOKENS


def test_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_text("\ufeff# products\nZorbify\n\n  Quellaro\r\n", encoding="utf-8")
    (tmp_path / "coach.toml").write_text('[transcribe]\nvocabulary = "terms.txt"\n', encoding="utf-8")
    config = load_config(tmp_path / "coach.toml")
    assert read_terms(config.transcribe.vocabulary) == ("Zorbify", "Quellaro")
    (tmp_path / "coach.toml").write_text('[transcribe]\nvocabulary = ["Zorbify"]\n', encoding="utf-8")
    assert read_terms(load_config(tmp_path / "coach.toml").transcribe.vocabulary) == ("Zorbify",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("Zorbify\n" + "x" * 61 + "\n", "line 2"),
        ("Zor\x00bify\n", "line 1"),
        (b"\xff\xfe\x00", "UTF-8"),
        (None, "cannot be read"),
        ("x\n" * (1 << 20), "1 MiB"),
    ],
)
def test_bad_vocabulary_is_named(content: str | bytes | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=told) as caught:
        read_terms(str(path))
    assert str(path) in str(caught.value)


def test_bad_term_in_the_configuration_is_named() -> None:
    with pytest.raises(ConfigError, match=r"transcribe\.vocabulary"):
        read_terms(["", "Zorbify"])
