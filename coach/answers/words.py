"""The sentences an answer is put together from when no language model writes them."""

from collections.abc import Sequence
from datetime import date

from coach.answers.answer import Searched
from coach.counts import Counted, Figure
from coach.counts.groups import DATED
from coach.figures import is_difference, write_interval, write_value
from coach.intervals import wilson
from coach.store.query import ANY_TIME

FEW = 5
"""Below so many contacts with evidence an answer is called examples."""
NOTHING_ASKED = "Not enough evidence: nothing was asked."
IN_ALL = "in all"
"""Beside groups or sides, what all of them together are called."""
MAX_GROUPS = 6
"""Named in a statement; all of them are among the figures."""
MAX_TITLE = 80
"""Characters of what was looked for that a sentence repeats."""
MAX_REASONS = 4
"""Named of either kind."""


def title(subject: str, looked_for: str) -> str:
    """What an answer says was looked for: the subject, or all words where the subject left out some between others.

    Cut after MAX_TITLE characters.
    """
    told = subject if subject.casefold() in looked_for.casefold() else looked_for
    return told if len(told) <= MAX_TITLE else f"{told[:MAX_TITLE].rstrip()}…"


def evidence_figure(n: int, total: int, subject: str, *, complete: bool) -> Figure:
    """The contacts with evidence."""
    low, high = wilson(n, total) or (None, None)
    label = f"contacts in which “{subject}” is spoken of" + ("" if complete else ", at least")
    return Figure(label, n, total, n / total if total else None, "share", low, high)


def found_statement(n: int, total: int, subject: str, *, complete: bool) -> str:
    """ "In 12 of 60 contacts “the paper bill” is spoken of." """
    most = "In" if complete else "In at least"
    return f"{most} {n:,} of {_contacts(total)} “{subject}” is spoken of."


def parts_statement(figures: Sequence[Figure]) -> str:
    """ "Broadband 5 of 32 (16 %), TV box 2 of 8 (25 %)." And whether two sides differ beyond chance."""
    plain = [figure for figure in figures if not is_difference(figure)]
    told = f"{', '.join(f'{figure.group} {_value(figure)}' for figure in plain[:MAX_GROUPS])}"
    more = f" and {len(plain) - MAX_GROUPS} more" if len(plain) > MAX_GROUPS else ""
    return " ".join([f"{_capital(told)}{more}.", *(_chance(figure) for figure in figures if is_difference(figure))])


def _chance(difference: Figure) -> str:
    if difference.low is None or difference.high is None:
        return "Whether they differ beyond chance cannot be told."
    beyond = not difference.low <= 0 <= difference.high
    return "The difference is beyond chance." if beyond else "No difference beyond chance can be seen."


def counted_statement(counted: Counted) -> str:
    """The total, the groups or the sides in words, and whether what differs does so beyond chance."""
    plain = [figure for figure in counted.figures if not is_difference(figure)]
    if counted.query.measure == "reasons":
        told = _reasons(counted, plain)
    elif len(plain) == 1 and plain[0].group is None:
        told = _total(plain[0])
    else:
        told = _groups(counted, plain)
    return f"{told} {counted.verdict}" if counted.verdict else told


def _total(figure: Figure) -> str:
    """ "In 7 of 60 contacts (12 %, 95 % interval 6 % to 22 %) the customer speaks of leaving." """
    if figure.unit == "count":
        return f"There {'is' if figure.n == 1 else 'are'} {figure.n:,} {_singular(figure.label, figure.n)}."
    said = figure.label.removeprefix("contacts in which ")
    if said != figure.label:
        return f"In {figure.n:,} of {_contacts(figure.N)} ({write_value(figure)}{_sure(figure)}) {said}."
    return f"{_capital(figure.label)}: {_value(figure)}{_sure(figure)}."


def _reasons(counted: Counted, figures: Sequence[Figure]) -> str:
    """ "Of 16 contacts, customers state price in 4 and moving in 4; heard as causes are a long wait in 6 and ..." """
    kinds: dict[str, list[str]] = {"stated": [], "heard": []}
    for figure in figures:
        kind, _, reason = (figure.group or "").partition(": ")
        if figure.n and kind in kinds and len(kinds[kind]) < MAX_REASONS:
            kinds[kind].append(f"{reason} ({figure.n})")
    leaving = any(str(each) == "cue=leaving" for each in counted.query.where)
    which = " in which customers speak of leaving" if leaving else ""
    parts = [
        f"{words} {', '.join(kinds[kind])}"
        for kind, words in (("stated", "customers state as reasons"), ("heard", "heard as causes are"))
        if kinds[kind]
    ]
    return f"Of {_contacts(counted.n_calls)}{which}, {'; '.join(parts) or 'no reason is stated and no cause heard'}."


def _groups(counted: Counted, figures: Sequence[Figure]) -> str:
    """ "Mean satisfaction: Grace Obi 4.2, Leo Hart 3.9 and 6 more." Times stay in order, others begin with the most."""
    known = [figure for figure in figures if figure.value is not None]
    if counted.query.group_by not in DATED and counted.query.compare is None:
        known.sort(key=lambda figure: -(figure.value or 0.0))
    shown = known if len(known) <= MAX_GROUPS else [*known[: MAX_GROUPS - 1], known[-1]]
    parts = [f"{figure.group or figure.label} {_value(figure)}" for figure in shown]
    if len(known) > len(shown):
        parts.insert(-1, f"{len(known) - len(shown)} more between")
    return f"{_capital(figures[0].label)}: {', '.join(parts)}."


def nothing_met(searched: Searched, days: tuple[date, date] | None) -> str:
    """`days` are those of the first and the newest contact there is, told where a period was asked for."""
    if not searched.conditions:
        return "Not enough evidence: there are no contacts here yet."
    told = f"Not enough evidence: no contact meets the conditions ({searched.conditions})."
    if days is None or searched.period == ANY_TIME:
        return told
    return f"{told} The contacts here are from {days[0]} to {days[1]}."


def nothing_known_of(words: Sequence[str]) -> str:
    """For words that neither a call nor the metadata knows."""
    named = ", ".join(f"“{word}”" for word in words)
    return f"Not enough evidence: nobody speaks of {named} here, and no contact's metadata has it."


def nothing_known(counted: Counted, n_total: int) -> str:
    """For a measure that nobody recorded."""
    label = counted.figures[0].label if counted.figures else "what was asked for"
    return f"Not enough evidence: “{label}” is not known of {'any of' if n_total > 1 else 'the'} {_contacts(n_total)}."


def nothing_said(searched: Searched, subject: str) -> str:
    where = searched.conditions
    met = f" with the conditions {where}" if where else ""
    n = searched.n_calls
    of = f"in {'any of' if n > 1 else 'the'} {_contacts(n)}{met}"
    return f"Not enough evidence: nothing said {of} comes close enough to “{subject}”."


def search_caveats(n: int, total: int, *, complete: bool) -> list[str]:
    """What limits a search's figure."""
    told = ["Found by nearness in meaning and words: a contact that says it quite differently can be missing."]
    if 0 < n < FEW:
        told.append(f"Only {_contacts(n)} of {total}: take what is quoted as examples.")
    if not complete:
        told.append("So much was found that not all of it was read: the number is a lower bound.")
    return told


def _value(figure: Figure) -> str:
    """ "12 of 60 (20 %)"; a number alone; of a mean its value."""
    if figure.unit == "count":
        return f"{figure.n:,}"
    if figure.unit == "share" and figure.value is not None and abs(figure.value * figure.N - figure.n) < 0.5:
        return f"{figure.n:,} of {figure.N:,} ({write_value(figure)})"
    return write_value(figure)


def _sure(figure: Figure) -> str:
    interval = write_interval(figure)
    return f", 95 % interval {interval}" if interval else ""


def _singular(words: str, n: int) -> str:
    return words[:-1] if n == 1 and words.endswith("s") else words


def _contacts(n: int) -> str:
    return f"{n:,} contact{'' if n == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
