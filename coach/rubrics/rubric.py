"""A rubric: criteria in weighted sections, read strictly from a TOML file.

Two are shipped, `discovery` and `service-basics`. docs/scoring.md tells how to write one.
"""

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as strict_dataclass

from coach.errors import ConfigError
from coach.measures import RANGES, Range, measure_names
from coach.rubrics.criterion import (
    KINDS,
    STRICT,
    Common,
    Criterion,
    CueCount,
    FollowUp,
    InRange,
    Judged,
    Name,
    Order,
    Pick,
    Sentence,
    Weight,
)
from coach.rubrics.place import Place, line_of

__all__ = ["Criterion", "Judged", "Rubric", "Section", "load_rubric", "load_rubrics", "shipped_rubrics"]


@strict_dataclass(frozen=True, kw_only=True, config=STRICT)
class Section:
    """Criteria that belong together, and what they count together."""

    name: Name
    title: Sentence
    weight: Weight = 1.0
    criteria: Annotated[tuple[Annotated[Criterion, Field(discriminator="kind")], ...], Field(min_length=1)]


@strict_dataclass(frozen=True, kw_only=True, config=STRICT)
class _File:
    name: Name
    title: Sentence
    about: str = ""
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Rubric:
    """What a good call of one sort does. Names of sections and of criteria are given once in a rubric."""

    name: str
    title: str
    about: str
    sections: tuple[Section, ...]
    calibrated: tuple[str, ...] = ()
    """Judged criteria that count, because people's reviews agree with them; all other judged ones are only reported."""

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        return tuple(criterion for section in self.sections for criterion in section.criteria)

    @property
    def sha256(self) -> str:
        """Of the meaning: comments, order of keys and layout of the file do not change it."""
        content = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()

    def counts(self, criterion: Common) -> bool:
        """Whether the criterion has a weight at all."""
        return not isinstance(criterion, Judged) or criterion.name in self.calibrated


_ADAPTER = TypeAdapter(_File)


def shipped_rubrics() -> tuple[str, ...]:
    """The names of the rubrics that come with Callcoach."""
    return tuple(sorted(file.name.removesuffix(".toml") for file in files(__package__).iterdir() if _is_rubric(file)))


def _is_rubric(file: Any) -> bool:
    return bool(file.name.endswith(".toml"))


def load_rubrics(
    names: Sequence[str], trackers: Collection[str], ranges: Mapping[str, Range] = RANGES
) -> tuple[Rubric, ...]:
    """The rubrics of these names or paths; ConfigError also when two of them have the same name."""
    rubrics = tuple(load_rubric(name, trackers, ranges) for name in names)
    seen: dict[str, str] = {}
    for name, rubric in zip(names, rubrics, strict=True):
        if rubric.name in seen:
            raise ConfigError(f"{name}: the rubric {rubric.name!r} is loaded already from {seen[rubric.name]}.")
        seen[rubric.name] = name
    return rubrics


def load_rubric(name_or_path: str, trackers: Collection[str], ranges: Mapping[str, Range] = RANGES) -> Rubric:
    """The shipped rubric of that name, or the one in a file.

    `trackers` are the names that cues may have; `ranges` are taken for measures without bounds of their own. Raises
    ConfigError, naming file and line, for what is not TOML, an unknown key, kind, tracker or measure, an impossible
    weight, a name given twice, and a criterion that could never come out.
    """
    text = _read(name_or_path)
    try:
        read = _ADAPTER.validate_python(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name_or_path}: is not valid TOML: {error}.") from None
    except ValidationError as error:
        place, told = _explained(error)
        raise _refusal(name_or_path, text, place, told) from None
    rubric = Rubric(read.name, read.title, read.about, _with_ranges(read.sections, ranges))
    for place, told in _mistakes(rubric, frozenset(trackers)):
        raise _refusal(name_or_path, text, place, told)
    return rubric


def _read(name_or_path: str) -> str:
    try:
        if name_or_path in shipped_rubrics():
            return files(__package__).joinpath(f"{name_or_path}.toml").read_text(encoding="utf-8")
        return Path(name_or_path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        known = ", ".join(shipped_rubrics())
        raise ConfigError(f"{name_or_path}: there is no such rubric; shipped are {known}, or give a file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name_or_path}: cannot be read ({error}).") from None


def _refusal(file: str, text: str, place: Place, told: str) -> ConfigError:
    return ConfigError(f"{file}, line {line_of(text, place)}: {told}.")


def _explained(error: ValidationError) -> tuple[Place, str]:
    """The first mistake, in words."""
    first = error.errors()[0]
    place, kind = first["loc"], first["type"]
    key = next((str(part) for part in reversed(place) if isinstance(part, str)), "")
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return place, f"there is no key {key!r} here"
    if kind in ("missing", "missing_argument"):
        return place[:-1], f"{key!r} is missing"
    if kind == "union_tag_not_found":
        return place, f"'kind' is missing; it is one of {', '.join(KINDS)}"
    if kind == "union_tag_invalid":
        return (*place, "kind"), f"there is no such kind; it is one of {', '.join(KINDS)}"
    return place, f"{key}: {first['msg']}"


def _with_ranges(sections: Sequence[Section], ranges: Mapping[str, Range]) -> tuple[Section, ...]:
    """The sections with benchmark ranges where a criterion gives no bounds."""

    def bounded(criterion: Criterion) -> Criterion:
        if not isinstance(criterion, InRange) or not (criterion.low is None and criterion.high is None):
            return criterion
        found = ranges.get(criterion.measure)
        return criterion if found is None else replace(criterion, low=found.low, high=found.high)

    return tuple(replace(section, criteria=tuple(map(bounded, section.criteria))) for section in sections)


def _mistakes(rubric: Rubric, trackers: frozenset[str]) -> Iterator[tuple[Place, str]]:
    """What no single key shows: names given twice, weights that are all zero, and what a criterion refers to."""
    if not any(section.weight for section in rubric.sections):
        yield ("sections", 0, "weight"), "the weights of all sections are 0"
    section_names: set[str] = set()
    names: set[str] = set()
    for s, section in enumerate(rubric.sections):
        if section.name in section_names:
            yield ("sections", s, "name"), f"there is a section {section.name!r} already"
        section_names.add(section.name)
        weighed = [criterion for criterion in section.criteria if not isinstance(criterion, Judged)]
        if weighed and not any(criterion.weight for criterion in weighed):
            yield ("sections", s, "criteria", 0, "weight"), "the weights of all criteria of this section are 0"
        for c, criterion in enumerate(section.criteria):
            at: Place = ("sections", s, "criteria", c)
            if criterion.name in names:
                yield (*at, "name"), f"there is a criterion {criterion.name!r} already"
            names.add(criterion.name)
            for key, told in _wrong(criterion, trackers):
                yield (*at, key), told


def _wrong(criterion: Criterion, trackers: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) of one criterion."""
    for key, names in _trackers(criterion):
        for name in names:
            if name not in trackers:
                yield key, f"there is no tracker {name!r}; `coach trackers` lists them"
    if isinstance(criterion, Judged):
        if criterion.fatal:
            yield "fatal", "a judged criterion is only reported, so it cannot be fatal"
        return
    if isinstance(criterion, InRange):
        yield from _wrong_range(criterion)
        return
    if isinstance(criterion, Order):
        for key, pick in (("first", criterion.first), ("then", criterion.then)):
            if pick == Pick():
                yield key, "name forms, functions or trackers"
        return
    if criterion.zero_at == criterion.full_at:
        yield "full_at", "zero_at and full_at must differ"
    if isinstance(criterion, CueCount):
        if not criterion.trackers:
            yield "trackers", "name at least one tracker"
    elif isinstance(criterion, FollowUp):
        if not criterion.after:
            yield "after", "name at least one tracker"
        if not (criterion.forms or criterion.functions or criterion.trackers):
            yield "kind", "name the forms, functions or trackers that have to follow"
    elif not (criterion.forms or criterion.functions):
        yield "kind", "name forms or functions of questions"


def _wrong_range(criterion: InRange) -> Iterator[tuple[str, str]]:
    if criterion.measure not in measure_names():
        known = ", ".join(sorted(measure_names()))
        yield "measure", f"there is no measure {criterion.measure!r}; known are {known}"
    elif criterion.low is None and criterion.high is None:
        yield "measure", f"{criterion.measure} has no benchmark range: give low, high or both"
    elif criterion.low is not None and criterion.high is not None and criterion.low > criterion.high:
        yield "low", "low is above high"


def _trackers(criterion: Criterion) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(criterion, FollowUp):
        yield "after", criterion.after
    if isinstance(criterion, CueCount | FollowUp):
        yield "trackers", criterion.trackers
    if isinstance(criterion, Order):
        yield "first", criterion.first.trackers
        yield "then", criterion.then.trackers
