"""What is being talked of at each number: a card, a security code, another number, or nothing in particular."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from coach.redact.cues import Cue
from coach.redact.digits import Token, words

# How long a topic stays open after it was last touched (by its cue or by a number read out), in utterances and words.
_LIFETIMES = {"card": (8, 90), "pay": (12, 150), "code": (6, 70), "other": (5, 50), "expiry": (3, 25), "last": (2, 12)}
_READ_OUT = 60  # digits after which a card number has been given and read back: more do not prolong the topic

# Words that may stand inside a number while it is read out: hesitations, backchannels, corrections, small questions.
FILLERS = frozenset(
    words("""um uh er erm ehm ah eh mm mmm hm hmm hmmm mhm mmhm mmhmm uhhuh huh aha ok okay okey k yes yeah yep yup ya
    right alright all sure correct exactly perfect lovely great good fine brilliant super cool thanks thank ta
    cheers you please got it that that's thats this it's its is was are the a an and then next so now sorry pardon no
    nope nah not
    wait hang hold on one moment just sec second let me see look go ahead carry keep going continue i'm im i with you
    ready yours dash hyphen space dot point stroke slash comma full stop followed by again repeat repeating once more
    say said did was were what what's whats come comes after before last first do does have had i've ive i'll you're
    mean meant rather oops actually well like there there's here here's we're he she they of at to for correction
    mistake mate sir madam ma'am love dear darling bye also plus number numbers digit digits capital know think believe
    can could hear heard read reading back over me my your double triple""")
)
_MAX_FILLERS = 14


@dataclass(frozen=True, slots=True)
class Setting:
    """What was open when a number was said."""

    topic: str = "none"
    """"card", "pay" or "none"."""
    code: bool = False
    other: str | None = None
    """"phone" or "reference" when such a number was announced and is expected."""
    expiry: bool = False
    last_four: bool = False
    session: int = 0
    """Changes with every change of subject: numbers of two sessions are never one number."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What lies between a number and the one before it."""

    utterances: int
    words: int
    content_words: int
    """Words that are no fillers."""
    broken: bool
    """An amount of money, a cue or an earlier placeholder stands between."""

    @property
    def tight(self) -> bool:
        """Whether two numbers so close are read as one."""
        return not self.broken and not self.content_words and self.words <= _MAX_FILLERS


@dataclass(frozen=True, slots=True)
class Placed:
    """A number with its utterance, what came before it, and what was open."""

    token: Token
    utterance: int
    gap: Gap
    setting: Setting


@dataclass(slots=True)
class _Topic:
    """Something open since it was last touched."""

    name: str
    utterance: int = -1
    word: int = 0
    is_open: bool = False

    def touch(self, utterance: int, word: int) -> None:
        self.is_open, self.utterance, self.word = True, utterance, word

    def alive(self, utterance: int, word: int) -> bool:
        utterances, words = _LIFETIMES[self.name]
        return self.is_open and utterance - self.utterance <= utterances and word - self.word <= words


@dataclass(slots=True)
class _Listener:
    """Follows a conversation token by token and remembers what is being talked of."""

    word: int = 0
    content: int = 0
    session: int = 0
    broken: bool = True
    other_kind: str = "reference"
    given: int = 0  # digits said since a card was last mentioned
    topics: dict[str, _Topic] = field(default_factory=lambda: {name: _Topic(name) for name in _LIFETIMES})
    last_number: tuple[int, int, int] = (0, 0, 0)  # utterance, words, content words so far

    def hear_cue(self, kind: str, utterance: int) -> None:
        self.broken = True
        alive = self._alive(kind, utterance) if kind in self.topics else False
        if kind in ("phone", "reference"):
            if self._alive("card", utterance):
                self._touch("pay", utterance)
            self._close("card", "code", "expiry", "last")
            self.other_kind, kind = kind, "other"
        elif kind in ("card", "code", "pay"):
            self._close("other")
            self.given = 0
            if kind == "card":
                self._close("code", "expiry", "last")
            if kind == "code" and self._alive("card", utterance):
                self._touch("card", utterance)
        elif kind == "last":
            self._close("code")
        if kind in ("code", "other") or (kind in ("card", "pay") and not alive):
            self.session += 1
        self._touch(kind, utterance)

    def hear_word(self, text: str) -> None:
        self.word += 1
        self.content += text not in FILLERS

    def hear_number(self, token: Token, utterance: int) -> Placed:
        then, words, content = self.last_number
        gap = Gap(utterance - then, self.word - words, self.content - content, self.broken)
        self.given += len(token.text)
        for name in ("card", "pay", "other"):
            if self._alive(name, utterance) and (name == "other" or self.given <= _READ_OUT):
                self._touch(name, utterance)
        self.broken = False
        self.last_number = (utterance, self.word, self.content)
        return Placed(token, utterance, gap, self._setting(utterance))

    def hear_break(self, text: str, utterance: int) -> None:
        """An amount, or something removed in an earlier round: where a card number was, its date and code are near."""
        self.broken = True
        if text == "[card number]":
            self._close("other")
            self._touch("card", utterance)

    def _setting(self, utterance: int) -> Setting:
        return Setting(
            topic="card" if self._alive("card", utterance) else "pay" if self._alive("pay", utterance) else "none",
            code=self._alive("code", utterance),
            other=self.other_kind if self._alive("other", utterance) else None,
            expiry=self._alive("expiry", utterance),
            last_four=self._alive("last", utterance),
            session=self.session,
        )

    def _touch(self, name: str, utterance: int) -> None:
        self.topics[name].touch(utterance, self.word)

    def _alive(self, name: str, utterance: int) -> bool:
        return self.topics[name].alive(utterance, self.word)

    def _close(self, *names: str) -> None:
        for name in names:
            self.topics[name].is_open = False


def place_numbers(utterances: Sequence[Sequence[Token]], cues: Sequence[Cue]) -> Iterator[Placed]:
    """Every number of a conversation with its setting, in order. Numbers inside a cue are left out."""
    listener = _Listener()
    pending = iter([*cues, None])
    cue = next(pending)
    inside_until = 0
    for utterance, tokens in enumerate(utterances):
        for token in tokens:
            while cue is not None and cue.start < token.end:
                listener.hear_cue(cue.kind, utterance)
                inside_until = cue.end
                cue = next(pending)
            if token.kind == "break":
                listener.hear_break(token.text, utterance)
            elif token.kind == "word" or token.start < inside_until:
                listener.hear_word(token.text)
            else:
                yield listener.hear_number(token, utterance)
