"""One `Config`, read from `coach.toml`, built in the command line and handed down in parts.

Precedence: command-line option, then `coach.toml` (in the data folder or named by `--config`), then the defaults here.
"""

import re
import tomllib
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from coach.errors import ConfigError

_STRICT = ConfigDict(extra="forbid")

Seconds = Annotated[float, Field(ge=0)]
Language = Annotated[str | None, BeforeValidator(lambda value: None if value == "auto" else value)]


@dataclass(frozen=True, config=_STRICT)
class InboxConfig:
    """How recordings are found, paired and described."""

    agent_channel: Literal[0, 1] = 0
    """Which channel of a two-channel file is the agent: 0 is left."""
    agent_suffix: str = r"_agent$"
    customer_suffix: str = r"_(customer|caller|client)$"
    """Regular expressions, matched without case at the end of a file's stem, that mark one side's file."""
    filename_pattern: str | None = None
    """amazon-pca, genesys-cloud or twilio, or a regular expression with named groups (call_id, started_at, agent, any
    other), matched against the stem. A recording that does not match and is not described otherwise is set aside."""
    filename_timezone: str = "UTC"
    """Of times in names that tell none."""
    agent_domains: tuple[str, ...] = ()
    """Who writes from an address in one of these domains is an agent, who writes from elsewhere a customer."""
    agent_pattern: str | None = None
    """Regular expression, without case, that agents' names and addresses match in chats, mails and transcripts."""
    settle_s: Seconds = 2.0
    """A file must keep its size and time this long before it is taken."""
    lone_side_wait_s: Seconds = 3600.0
    max_duration_s: Annotated[float, Field(gt=0)] = 12 * 3600.0
    decode_timeout_s: Annotated[float, Field(gt=0)] = 900.0
    decode_memory_mb: Annotated[int, Field(ge=256)] = 2048


@dataclass(frozen=True, config=_STRICT)
class TranscribeConfig:
    engine: Literal["whisper", "faster-whisper"] = "whisper"
    model: str | None = None
    """Name or path; None: base on a CPU, large-v3-turbo on CUDA when it is present."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, or several with commas between, a process each: cuda:0,cuda:1."""
    language: Language = "en"
    """None, written "auto" in the file: detected per call."""
    batch_size: Annotated[int, Field(ge=1)] | None = None
    """Windows decoded together; None: what suits the device."""
    beam_search: bool = False
    """Whether speech whose text is rejected twice is given to beam search and sampling: a little more is heard, and the
    seconds concerned take many times as long."""
    calls_together: Annotated[int, Field(ge=1)] = 8
    """Calls decoded ahead, and scored and committed together. Of fewer, fewer are done again after a kill."""
    vocabulary: tuple[str, ...] | str = ()
    """Products and names that the recogniser should expect: a list of terms, or the path of a text file, one a line,
    relative to the configuration file. Whisper takes 223 tokens of them, about 60 names; what is more is told."""
    allow_download: bool = False
    """Whether a model that is not installed may be downloaded from OpenAI's servers."""
    cache_dir: str | None = None
    """Where converted weights are kept; None: `$XDG_CACHE_HOME/callcoach`."""


@dataclass(frozen=True, config=_STRICT)
class RedactConfig:
    names: bool = False
    """Also remove names of persons (Presidio; needs the `names` extra)."""


@dataclass(frozen=True, config=_STRICT)
class StoreConfig:
    url: str | None = None
    """SQLAlchemy URL; None: `callcoach.sqlite` in the data folder."""
    keep_audio: bool = True
    min_free_mb: Annotated[int, Field(ge=0)] = 500
    """A run does not start, or stops cleanly, with less free space in the data folder."""


@dataclass(frozen=True, config=_STRICT)
class RetrievalConfig:
    embedding_model: str | None = None
    """Path of a sentence-transformers folder; None: the installed all-MiniLM-L6-v2 package."""
    min_similarity: Annotated[float, Field(ge=0, le=1)] = 0.46
    """Below this `coach ask` says that there is not enough evidence."""


Bound = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, config=_STRICT)
class RangeConfig:
    """Where a measure should lie, both bounds included; None is open."""

    low: Bound | None = None
    high: Bound | None = None


@dataclass(frozen=True, config=_STRICT)
class ScoreConfig:
    """By what calls are scored. See docs/scoring.md."""

    rubrics: tuple[str, ...] = ("discovery", "service-basics")
    """Names of shipped rubrics, or paths of TOML files (ending in .toml), relative to the configuration file."""
    trackers: str | None = None
    """A folder with an organisation's own trackers, relative to the configuration file."""
    ranges: dict[str, RangeConfig] = field(default_factory=dict)
    """Own benchmark ranges by the name of the measure; one without bounds takes the published range away."""


@dataclass(frozen=True, config=_STRICT)
class ServeConfig:
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    token: bool = True
    """Ask for the token printed at start."""


OPENAI_URL = "https://api.openai.com/v1"
OLLAMA_URL = "http://127.0.0.1:11434/v1"
OPENAI_KEY = "OPENAI_API_KEY"
_LLM_FORMS = 'write "none", "ollama:MODEL", "openai:MODEL", or {base_url = "http://...", model = "..."}'
_LLM_URL = "must be an http or https address without user, password and query, such as http://127.0.0.1:8080/v1"
_LLM_KEY_ENV = "must be the name of an environment variable in capitals, such as MY_LLM_KEY, not the key"
_KEY_IN_FILE = "a key does not belong into this file: put it into an environment variable, named by llm.api_key_env"


def _matching(pattern: str, sentence: str) -> AfterValidator:
    """Refuses, with the sentence, what the whole pattern does not match."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise PydanticCustomError("form", sentence)
        return value

    return AfterValidator(check)


@dataclass(frozen=True, config=_STRICT)
class LlmConfig:
    """A server that speaks OpenAI's chat protocol, and what may be asked of it. See docs/llm.md."""

    base_url: Annotated[str, _matching(r"https?://[^/?#@\s]+(/[^?#@\s]*)?", _LLM_URL)]
    model: Annotated[str, Field(min_length=1)]
    api_key_env: Annotated[str, _matching(r"[A-Z][A-Z0-9_]{1,60}", _LLM_KEY_ENV)] | None = None
    """The environment variable that holds the key; None: no key is sent."""
    timeout_s: Annotated[float, Field(gt=0)] = 60.0
    """For one reply, from connecting to its last byte."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    """Requests under way at once."""
    max_tokens_per_run: Annotated[int, Field(ge=0)] = 2_000_000
    """Sent and received, by the server's count, or characters / 4 where it gives none. After that nothing is asked."""
    max_reply_tokens: Annotated[int, Field(ge=16)] = 1000
    context_tokens: Annotated[int, Field(ge=256)] = 32_000
    """What a prompt and its reply may take together; a longer prompt is not sent, since servers cut it unasked."""


def _read_llm(value: Any) -> Any:
    """The short forms, spelt out. Ollama's own defaults are a context of 4096 tokens and one request at a time."""
    kind, _, model = value.partition(":") if isinstance(value, str) else ("", "", "")
    if value == "none":
        return None
    if kind == "ollama" and model:
        return {"base_url": OLLAMA_URL, "model": model, "context_tokens": 4096, "concurrency": 1, "timeout_s": 120.0}
    if kind == "openai" and model:
        return {"base_url": OPENAI_URL, "model": model, "api_key_env": OPENAI_KEY}
    if not isinstance(value, dict | LlmConfig | None):
        raise PydanticCustomError("llm_form", _LLM_FORMS)
    if isinstance(value, dict) and "api_key" in value:
        raise PydanticCustomError("key_in_file", _KEY_IN_FILE)
    return value


@dataclass(frozen=True, config=_STRICT)
class Config:
    llm: Annotated[LlmConfig | None, BeforeValidator(_read_llm)] = None
    """None: nothing is asked of any model beyond those that run here."""
    inbox: InboxConfig = field(default_factory=InboxConfig)
    transcribe: TranscribeConfig = field(default_factory=TranscribeConfig)
    redact: RedactConfig = field(default_factory=RedactConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    score: ScoreConfig = field(default_factory=ScoreConfig)
    retrieval: RetrievalConfig = field(default_factory=RetrievalConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)


_ADAPTER = TypeAdapter(Config)


def load_config(path: Path | None) -> Config:
    """The configuration in `path`, or the defaults when `path` is None.

    Raises ConfigError, naming file and field, for a missing file, bad TOML, an unknown key or an impossible value.
    """
    if path is None:
        return Config()
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; `coach init` writes an example.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}.") from None
    try:
        return _beside(path, _ADAPTER.validate_python(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {place}: {first['msg']}.") from None


def _beside(path: Path, config: Config) -> Config:
    """The configuration with its paths made relative to where the file lies."""

    def beside(name: str) -> str:
        return str(path.parent / Path(name).expanduser())

    transcribe, score = config.transcribe, config.score
    if isinstance(transcribe.vocabulary, str):
        transcribe = replace(transcribe, vocabulary=beside(transcribe.vocabulary))
    rubrics = tuple(beside(name) if name.endswith(".toml") else name for name in score.rubrics)
    trackers = None if score.trackers is None else beside(score.trackers)
    return replace(config, transcribe=transcribe, score=replace(score, rubrics=rubrics, trackers=trackers))
