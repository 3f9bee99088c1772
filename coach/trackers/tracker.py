"""What a tracker is: a cue, told by sentences that carry it and sentences that only look as if. One TOML file each."""

import hashlib
import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from coach.errors import ConfigError
from coach.plain import plain

SHIPPED = Path(__file__).parent
Speaker = Literal["customer", "agent"]
SPEAKERS: tuple[Speaker, ...] = get_args(Speaker)
MIN_POSITIVE = 12
MIN_NEGATIVE = 10
"""With fewer a threshold is a guess."""
_MAX_EXAMPLES = 1000  # of one kind: fitting takes the third power of their number
_MAX_CHARS = 500

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_MAX_CHARS)]


@dataclass(frozen=True, slots=True)
class Tracker:
    """A cue and its examples. Unit: one sentence of one speaker, judged by itself."""

    name: str
    title: str
    speaker: Speaker
    """Whose words it listens to."""
    group: str
    """Trackers of a group belong together on pages, such as the causes of leaving."""
    meaning: str
    positive: tuple[str, ...]
    """Sentences that carry the cue."""
    negative: tuple[str, ...]
    """Near misses, and ordinary sentences of the same speaker."""
    phrases: tuple[str, ...] = ()
    """Wordings that alone prove the cue, compared without case and punctuation."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what it finds by: another fingerprint may find other cues."""
        said = [self.name, self.speaker, self.positive, self.negative, self.phrases]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


class _File(BaseModel):
    """A tracker's file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Name
    title: _Text
    speaker: Speaker
    group: _Name
    meaning: _Text
    positive: list[_Text] = Field(max_length=_MAX_EXAMPLES)
    negative: list[_Text] = Field(max_length=_MAX_EXAMPLES)
    phrases: list[_Text] = Field(default=[], max_length=_MAX_EXAMPLES)


def load_trackers(folder: Path | None = None) -> tuple[Tracker, ...]:
    """The trackers that come with callcoach, and those in `folder`; one of a shipped name replaces the shipped one.

    In order of speaker (customers first), group and name. Raises ConfigError, naming file and line, for whatever
    `read_tracker` refuses, for two files of one name, and when `folder` is none.
    """
    found = {tracker.name: tracker for speaker in SPEAKERS for tracker in _read_folder(SHIPPED / speaker)}
    if folder is not None:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: there is no such folder with trackers.")
        found.update((tracker.name, tracker) for tracker in _read_folder(folder))
    return tuple(sorted(found.values(), key=lambda one: (SPEAKERS.index(one.speaker), one.group, one.name)))


def _read_folder(folder: Path) -> list[Tracker]:
    seen: dict[str, Path] = {}
    trackers = []
    for path in sorted(folder.rglob("*.toml")):
        tracker = read_tracker(path)
        if tracker.name in seen:
            raise ConfigError(f"{path}: {seen[tracker.name]} has the name {tracker.name!r} too; rename one.")
        seen[tracker.name] = path
        trackers.append(tracker)
    return trackers


def read_tracker(path: Path) -> Tracker:
    """The tracker in a TOML file.

    Raises ConfigError, naming file and line, for bad TOML, an unknown or missing key, fewer than MIN_POSITIVE or
    MIN_NEGATIVE examples, and a sentence that stands twice (without regard to case and punctuation).
    """
    try:
        source = path.read_text(encoding="utf-8-sig")
        data: dict[str, Any] = tomllib.loads(source)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}.") from None
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        item = data[key][first["loc"][1]] if len(first["loc"]) > 1 else None
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{_at(path, source, key, item)}: {place}: {first['msg']}.") from None
    _check_examples(file, path, source)
    return Tracker(
        name=file.name,
        title=file.title,
        speaker=file.speaker,
        group=file.group,
        meaning=file.meaning,
        positive=tuple(file.positive),
        negative=tuple(file.negative),
        phrases=tuple(file.phrases),
    )


def _check_examples(file: _File, path: Path, source: str) -> None:
    for key, examples, least in (("positive", file.positive, MIN_POSITIVE), ("negative", file.negative, MIN_NEGATIVE)):
        if len(examples) < least:
            raise ConfigError(
                f"{_at(path, source, key)}: {key} has {len(examples)} examples; write at least {least}, each different."
            )
    for key, texts in (("phrases", file.phrases), ("positive", file.positive), ("negative", file.negative)):
        for text in texts:
            if not plain(text):
                raise ConfigError(f"{_at(path, source, key, text)}: {key}: {text!r} has no word in it.")
    counts = Counter(plain(text) for text in (*file.positive, *file.negative))
    both = {plain(text) for text in file.positive} & {plain(text) for text in file.negative}
    for text in (*file.negative, *file.positive):
        if plain(text) in both:
            raise ConfigError(
                f"{_at(path, source, 'negative', text)}: {text!r} stands among positive and negative; keep one."
            )
        if counts[plain(text)] > 1:
            raise ConfigError(f"{_at(path, source, 'positive', text)}: {text!r} stands there twice; remove one.")


def _at(path: Path, source: str, key: str, item: object = None) -> str:
    """`path:line` of an item, else of its key; only `path` where the file does not have it."""
    lines = source.splitlines()
    if isinstance(item, str) and item:
        holding = [number for number, line in enumerate(lines, start=1) if item in line]
        if holding:
            return f"{path}:{holding[-1]}"  # where a text stands twice, the later one is the mistake
    for number, line in enumerate(lines, start=1):
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return f"{path}:{number}"
    return str(path)
