"""What is said in the synthetic calls: excerpts of consultations and helpdesk dialogues, and scripts full of numbers.

The excerpts are read at run time from folders that are not part of the project; only the scripts are ours.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from coach.types import Role

SCRIPTS = Path(__file__).parent / "datasets" / "number_calls" / "scripts.toml"
EXCERPT_WORDS = 200  # more than a minute of talk
MIN_HELPDESK_WORDS = 70
SPOKEN = re.compile(r"[A-Za-z0-9 ,.?!'-]+")
UNSPOKEN = re.compile(r"\d{5}|\d[.,]\d|[A-Za-z]\d|\d[A-Za-z]|www|[A-Za-z]{16}|\.[A-Za-z]|([.?!,-] ?){3}")
"""What a synthesiser reads in its own way: long numbers, versions, models, addresses, dots in a row."""
ONES = "zero one two three four five six seven eight nine".split()  # noqa: SIM905
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()  # noqa: SIM905
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
ORDINALS = (  # noqa: SIM905
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()


@dataclass(frozen=True, slots=True)
class Line:
    """What one side says at once."""

    role: Role
    text: str
    start: float | None = None
    """In the conversation that was transcribed, in seconds, where there was one; else None."""
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Dialogue:
    id: str
    lines: tuple[Line, ...]

    @property
    def words(self) -> int:
        return sum(len(line.text.split()) for line in self.lines)


def consultations(folder: Path) -> Iterator[Dialogue]:
    """An excerpt of every consultation of `primock57`, with the times of its turns, from a place set by its id."""
    for row in _rows(folder / "primock57" / "dialogues.jsonl"):
        lines = [
            Line("agent" if turn["speaker"] == "doctor" else "customer", text, turn["start"], turn["end"])
            for turn in row["turns"]
            if (text := _transcribed(turn["text"]))
        ]
        lines = [replace(line, text=" ".join(line.text.split()[:60])) for line in lines]
        first = Random(row["id"]).randrange(max(1, len(lines) // 2))
        yield Dialogue(row["id"], tuple(_up_to(lines[first:], EXCERPT_WORDS)))


def _transcribed(text: str) -> str:
    """A turn's text without marks; empty where the transcribers did not understand a part of it."""
    if "<UNIN/>" in text or "<INAUDIBLE_SPEECH/>" in text:
        return ""
    text = re.sub(r"</?UNSURE>", "", text).replace("...", ",").replace(" -", " ")
    text = " ".join(re.sub(r"(\w)-(?=[\s,.?!]|$)", r"\1", text).split())
    return text if _speakable(text) and len(text) > 1 else ""


def helpdesk(folder: Path, count: int) -> Iterator[Dialogue]:
    """`count` dialogues of `stc3`, drawn once and for all, without the messages that cannot be spoken as they are."""
    rows = list(_rows(folder / "stc3" / "dialogues.jsonl"))
    Random(3).shuffle(rows)
    for row in rows:
        lines = [
            Line("agent" if turn["sender"] == "helpdesk" else "customer", text)
            for turn in row["turns"]
            if (text := " ".join(filter(_speakable, (" ".join(text.split()) for text in turn["utterances"]))))
        ]
        dialogue = Dialogue(f"stc3-{row['id']}", tuple(_up_to(lines, EXCERPT_WORDS)))
        if len(lines) >= 4 and dialogue.words >= MIN_HELPDESK_WORDS and len({line.role for line in lines}) == 2:
            yield dialogue
            count -= 1
            if not count:
                return


def _speakable(text: str) -> bool:
    return bool(SPOKEN.fullmatch(text)) and not UNSPOKEN.search(text)


def number_calls(count: int) -> Iterator[Dialogue]:
    """Our scripts in turn, filled anew each time; numbers are written as they are said."""
    content = tomllib.loads(SCRIPTS.read_text(encoding="utf-8"))
    for i in range(count):
        random = Random(f"numbers-{i}")
        script = content["script"][i % len(content["script"])]
        values = filled(content["slots"], random)
        lines = []
        for line in script["lines"]:
            role, _, text = line.partition(": ")
            lines.append(Line("agent" if role == "agent" else "customer", text.format_map(values)))
        yield Dialogue(f"numbers-{i:02}", tuple(lines))


def filled(slots: dict[str, list[str]], random: Random) -> dict[str, str]:
    """A value for every slot."""
    days = random.sample(slots["day"], 2)
    first = random.sample(slots["first"], 3)
    last = random.sample(slots["last"], 3)
    return {
        "company": random.choice(slots["company"]),
        "agent": first[0],
        "name": f"{first[1]} {last[1]}",
        "spelled": ", ".join(last[1].upper()),
        "manager": f"{first[2]} {last[2]}",
        "order": _digits(random, 3) + ", " + _digits(random, 4),
        "phone": _digits(random, 3) + ", " + _digits(random, 3) + ", " + _digits(random, 4),
        "house": cardinal(random.randint(2, 199)),
        "street": random.choice(slots["street"]),
        "city": random.choice(slots["city"]),
        "day": days[0],
        "otherday": days[1],
        "date": f"{random.choice(slots['month'])} {random.choice(ORDINALS)}",
        "time": f"{cardinal(random.randint(8, 11))} {random.choice(['fifteen', 'thirty', 'forty-five'])}",
        "othertime": f"half past {cardinal(random.randint(1, 7))}",
        "amount": _money(random, 100, 990),
        "other": _money(random, 40, 99),
        "small": _money(random, 4, 30),
        "fee": f"{cardinal(random.randint(3, 15))} dollars",
        "years": cardinal(random.randint(2, 20)),
        "guests": cardinal(random.randint(4, 12)),
        "moreguests": cardinal(random.randint(13, 25)),
        "walk": cardinal(random.randint(5, 25)),
        "age": cardinal(random.randint(55, 95)),
        "error": cardinal(random.randint(200, 899)),
        "pages": f"{cardinal(random.randint(11, 90))} thousand",
    }


def cardinal(number: int) -> str:
    """A number from 0 to 999 in words."""
    if number < 10:
        return ONES[number]
    if number < 20:
        return TEENS[number - 10]
    if number < 100:
        return TENS[number // 10 - 2] + (f"-{ONES[number % 10]}" if number % 10 else "")
    rest = number % 100
    return f"{ONES[number // 100]} hundred" + (f" {cardinal(rest)}" if rest else "")


def _digits(random: Random, count: int) -> str:
    return " ".join(random.choices(ONES, k=count))


def _money(random: Random, low: int, high: int) -> str:
    return f"{cardinal(random.randint(low, high))} dollars and {cardinal(random.randint(11, 99))} cents"


def _up_to(lines: Sequence[Line], words: int) -> Iterator[Line]:
    for line in lines:
        if words <= 0:
            return
        yield line
        words -= len(line.text.split())


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
