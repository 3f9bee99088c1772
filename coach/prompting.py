"""Prompts as data: one Markdown file each in the package `prompts`, strict front matter above, a template below.

The body is filled by `string.Template` in one pass, so what a customer said goes in verbatim, whatever it looks like
(`$5`, `{x}`, `${y}`). Prompts say what is wanted; what may be believed of a reply is checked by whoever asks.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from string import Template

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coach.errors import ConfigError
from coach.orders import addressing
from coach.types import Turn

ANY_OUTPUT = "any"
"""As a prompt's `output`: it may be asked for every schema."""
_FENCE = "---"
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""Those of Unicode that JSON leaves as they are."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt of one version."""

    id: str
    version: int
    purpose: str
    variables: Mapping[str, str]
    """Name of each variable and what it stands for."""
    output: str
    """Name of the schema its replies have, or ANY_OUTPUT."""
    body: str
    sha256: str = field(init=False)
    """Of the body: another hash, another prompt."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.body.encode()).hexdigest())

    def fill(self, values: Mapping[str, str]) -> str:
        """The body with every variable replaced by its value, verbatim. ValueError unless exactly those are given."""
        if values.keys() != self.variables.keys():
            raise ValueError(f"The prompt {self.id} takes {sorted(self.variables)}, not {sorted(values)}.")
        return Template(self.body).substitute(values)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a generated text comes from; stored with it."""

    prompt: str
    version: int
    body_sha256: str
    model: str

    def __str__(self) -> str:
        """For people and for storing in one field: "rewrite-question v1 (3f2a90c1d4e5), llama3.2"."""
        return f"{self.prompt} v{self.version} ({self.body_sha256[:12]}), {self.model}"


class _FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(pattern=r"^[a-z]+(-[a-z]+)*$")
    version: int = Field(ge=1)
    purpose: str = Field(min_length=1)
    variables: dict[str, str] = Field(default_factory=dict)
    output: str = Field(pattern=r"^[A-Za-z]+$")


def quoted(text: str) -> str:
    """What somebody said, as data for a prompt: in JSON's quotes, on one line, and nothing in it can end either."""
    return json.dumps(text, ensure_ascii=False).translate(_LINE_ENDS)


def shown_turns(turns: Sequence[Turn]) -> list[int]:
    """The turns that a model may read: those that say something and do not speak to the machine that reads them."""
    withheld = addressing(turns)
    return [index for index, turn in enumerate(turns) if turn.text.strip() and index not in withheld]


def numbered(turns: Sequence[Turn], shown: Sequence[int]) -> str:
    """The turns of these indices as data: a line for each, with its index, its role and its words in JSON's quotes.

    Whatever is said can neither end its quotes nor begin a line of its own.
    """
    return "\n".join(f"{index} {turns[index].role}: {quoted(turns[index].text)}" for index in shown)


def load_prompt(prompt_id: str) -> Prompt:
    """The shipped prompt of that id. ConfigError, with file and line, when there is none or it breaks a rule."""
    file = files("prompts").joinpath(f"{prompt_id}.md")
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"prompts/{prompt_id}.md: there is no such prompt.") from None
    return parse_prompt(text, f"prompts/{prompt_id}.md", prompt_id)


def parse_prompt(text: str, place: str, prompt_id: str) -> Prompt:
    """The prompt in `text`, a file called `place` in errors, whose id must be `prompt_id`. ConfigError otherwise."""
    lines = text.splitlines(keepends=True)
    fences = [number for number, line in enumerate(lines) if line.rstrip() == _FENCE][:2]
    if len(fences) < 2 or fences[0] != 0:
        raise ConfigError(f"{place}: line 1: front matter between two lines of {_FENCE} must come first.")
    front = "".join(lines[1 : fences[1]])
    matter = _read(front, place)
    if matter.id != prompt_id:
        raise ConfigError(f"{place}: line {_line_of(front, 'id')}: the id must be {prompt_id}, as the file is called.")
    body = "".join(lines[fences[1] + 1 :]).strip() + "\n"
    # Lines are counted in the file, and the body's leading blank lines are not in `body`.
    first_line = next((at + 1 for at in range(fences[1] + 1, len(lines)) if lines[at].strip()), len(lines))
    used = dict(_used(body, place, first_line))
    for name, line in used.items():
        if name not in matter.variables:
            raise ConfigError(f"{place}: line {line}: ${name} is not among the variables; declare it above.")
    for name in matter.variables:
        if name not in used:
            line = _line_of(front, "variables", name)
            raise ConfigError(f"{place}: line {line}: the variable {name} is not used; remove it or use it.")
    return Prompt(matter.id, matter.version, matter.purpose, matter.variables, matter.output, body)


def _read(front: str, place: str) -> _FrontMatter:
    try:
        return _FrontMatter.model_validate(yaml.safe_load(front))
    except yaml.MarkedYAMLError as error:
        line = 2 + error.problem_mark.line if error.problem_mark else 2
        raise ConfigError(f"{place}: line {line}: is not valid YAML ({error.problem}).") from None
    except yaml.YAMLError:
        raise ConfigError(f"{place}: line 2: is not valid YAML.") from None
    except ValidationError as error:
        first = error.errors()[0]
        path = [str(part) for part in first["loc"] if part != "[key]"]
        raise ConfigError(f"{place}: line {_line_of(front, *path)}: {'.'.join(path)}: {first['msg']}.") from None


def _line_of(front: str, *path: str) -> int:
    """The line in the file of the key that `path` leads to, or of the last key on the way that is there."""
    node, line = yaml.compose(front, Loader=yaml.SafeLoader), 2
    for name in path:
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.value == name:
                node, line = value, 2 + key.start_mark.line
                break
    return line


def _used(body: str, place: str, first_line: int) -> Iterator[tuple[str, int]]:
    """The body's variables, each with the line of the file it stands on."""
    for match in Template.pattern.finditer(body):
        line = first_line + body.count("\n", 0, match.start())
        if match["invalid"] is not None:
            raise ConfigError(f"{place}: line {line}: a $ begins no variable's name; write $$ for a dollar sign.")
        if name := match["named"] or match["braced"]:
            yield name, line
