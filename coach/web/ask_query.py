"""What somebody asks on the page: the questions of a conversation and their conditions, as an address holds them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from coach.errors import ConfigError
from coach.store.filters import Filters, parse_where

PATH = "/ask"
MAX_QUESTION = 500
"""Characters."""
MAX_QUESTIONS = 12
"""Of one conversation."""
MAX_CONDITIONS = 20
MAX_CONDITION = 300
"""Characters."""
_NAMES = ("q", "where", "without")


@dataclass(frozen=True, slots=True)
class AskQuery:
    questions: tuple[str, ...] = ()
    """Of one conversation, oldest first; the last one is answered."""
    where: tuple[str, ...] = ()
    """Conditions beside those of the questions, as `--where` takes them."""
    without: tuple[str, ...] = ()
    """Conditions that the questions state and that are taken away, as `Plan.without` takes them."""

    @property
    def question(self) -> str:
        """Empty when nothing is asked."""
        return self.questions[-1] if self.questions else ""

    @property
    def before(self) -> tuple[str, ...]:
        return self.questions[:-1]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Name and value of every parameter."""
        parts = zip(_NAMES, (self.questions, self.where, self.without), strict=True)
        return tuple((name, value) for name, values in parts for value in values)

    @property
    def address(self) -> str:
        return PATH + (f"?{urlencode(self.pairs)}" if self.pairs else "")

    def filters(self) -> Filters:
        """ConfigError, naming the offending text, for a condition that cannot be understood."""
        try:
            return parse_where(self.where)
        except ConfigError as error:
            raise ConfigError(str(error).removeprefix("--where ")) from None

    def up_to(self, count: int) -> "AskQuery":
        """The conversation after its first `count` questions."""
        return replace(self, questions=self.questions[:count])

    def without_where(self, text: str) -> "AskQuery":
        return replace(self, where=tuple(each for each in self.where if each != text))

    def taking_away(self, text: str) -> "AskQuery":
        return replace(self, without=(*self.without, text))

    def giving_back(self, text: str) -> "AskQuery":
        return replace(self, without=tuple(each for each in self.without if each != text))


def read_ask(pairs: Iterable[tuple[str, str]]) -> AskQuery:
    """The query in an address or a form; what else they hold is left alone, and so is what is empty.

    ConfigError for texts that are too long or too many.
    """
    values: dict[str, list[str]] = {name: [] for name in _NAMES}
    for name, value in pairs:
        text = " ".join(value.split())
        if name in values and text and not (name != "q" and text in values[name]):
            values[name].append(text)
    _check("q", values["q"], MAX_QUESTIONS, MAX_QUESTION, "questions; ask the last one anew, on its own")
    for name in ("where", "without"):
        _check(name, values[name], MAX_CONDITIONS, MAX_CONDITION, "conditions")
    return AskQuery(*(tuple(values[name]) for name in _NAMES))


def _check(name: str, texts: Sequence[str], most: int, longest: int, what: str) -> None:
    if len(texts) > most:
        raise ConfigError(f"{name}: there are more than {most} {what}.")
    for text in texts:
        if len(text) > longest:
            raise ConfigError(f"{name}: {text[:40]!r}... is longer than {longest} characters.")
