"""The organisation's own words (products, names) as a prompt that makes the recogniser expect them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coach.errors import ConfigError

PROMPT_TOKENS = 223
"""Whisper's text context is 448 tokens, of which openai-whisper gives a prompt half, less the token that starts it."""
MAX_TERM_CHARS = 60
MAX_FILE_BYTES = 1 << 20
MAX_NAMED = 3  # of what was left out


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the recogniser is told to expect."""

    prompt: str = ""
    """The terms that fit, as a list; empty for none."""
    terms: tuple[str, ...] = ()
    """Those terms."""
    left_out: tuple[str, ...] = ()
    """Terms for which the prompt has no room."""

    @property
    def notice(self) -> str | None:
        """One sentence on what does not fit; None when everything does."""
        if not self.left_out:
            return None
        named = ", ".join(self.left_out[:MAX_NAMED]) + (" ..." if len(self.left_out) > MAX_NAMED else "")
        return (
            f"transcribe.vocabulary: the recogniser takes {PROMPT_TOKENS} tokens, so it is told the first "
            f"{len(self.terms)} of {len(self.terms) + len(self.left_out)} terms and not {named}; shorten the list or "
            "put what matters most first."
        )


NOTHING = Vocabulary()


def load_vocabulary(source: Sequence[str] | str, *, multilingual: bool = True) -> Vocabulary:
    """What of `transcribe.vocabulary` the recogniser is told, by its own tokenizer's count. Raises as `read_terms`."""
    from whisper.tokenizer import get_tokenizer

    encode = get_tokenizer(multilingual).encode
    return fit_vocabulary(read_terms(source), lambda text: len(encode(text)))


def read_terms(source: Sequence[str] | str) -> tuple[str, ...]:
    """The terms themselves, or those of the text file of that path: UTF-8, one a line, # lines and empty ones left out.

    In order, each once. Raises ConfigError naming file and line for what cannot be read or is no term.
    """
    if isinstance(source, str):
        placed = [(f"{source}, line {number}", line) for number, line in enumerate(_lines(Path(source)), start=1)]
        placed = [(place, line) for place, line in placed if line.strip() and not line.lstrip().startswith("#")]
    else:
        placed = [("transcribe.vocabulary", term) for term in source]
    terms: dict[str, None] = {}
    for place, written in placed:
        term = " ".join(written.split())
        if not term or len(term) > MAX_TERM_CHARS or not term.isprintable():
            raise ConfigError(f"{place}: {term[:20]!r} is no term; write 1 to {MAX_TERM_CHARS} letters or digits.")
        terms[term] = None
    return tuple(terms)


def _lines(path: Path) -> list[str]:
    try:
        with path.expanduser().open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"{path}: the vocabulary cannot be read ({reason}); transcribe.vocabulary names it."
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(
            f"{path}: is longer than {MAX_FILE_BYTES >> 20} MiB; transcribe.vocabulary takes a short list."
        )
    return text.splitlines()


def fit_vocabulary(terms: Sequence[str], count_tokens: Callable[[str], int]) -> Vocabulary:
    """The prompt of as many of the terms as fit, first ones first. `count_tokens` is of the model's own tokenizer.

    A plain list was heard best: of ten sentences with invented names, by two voices, base heard 3 names right without a
    prompt and 9 with this one (`python -m evals vocabulary`).
    """
    fitting = 0
    while fitting < len(terms) and count_tokens(" " + _prompt(terms[: fitting + 1])) <= PROMPT_TOKENS:
        fitting += 1
    return Vocabulary(_prompt(terms[:fitting]), tuple(terms[:fitting]), tuple(terms[fitting:]))


def _prompt(terms: Sequence[str]) -> str:
    return f"{', '.join(terms)}." if terms else ""
