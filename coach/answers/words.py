"""The sentences an answer is put together from when no language model writes them."""

from coach.answers.answer import Searched
from coach.counts import Counted, Figure
from coach.figures import is_difference, write_interval, write_value
from coach.intervals import wilson

FEW = 5
"""Below so many contacts with evidence an answer is called examples."""
MAX_GROUPS = 5
"""Named in a statement; all of them are among the figures."""


def evidence_figure(n: int, total: int, subject: str, least: float, *, complete: bool) -> Figure:
    """The contacts with evidence; the label says what counts as evidence."""
    low, high = wilson(n, total) or (None, None)
    label = f"contacts in which something said comes close to “{subject}” (closeness at least {least:.2f})"
    if not complete:
        label += "; at least, since not all passages were read"
    return Figure(label, n, total, n / total if total else None, "share", low, high)


def found_statement(n: int, total: int, subject: str, *, complete: bool) -> str:
    """ "12 of 60 contacts speak of the paper bill." """
    verb = "speaks" if n == 1 else "speak"
    most = "" if complete else "At least "
    return f"{most}{n} of {_contacts(total)} {verb} of what was asked for: {subject}."


def counted_statement(counted: Counted) -> str:
    """The total, or the first groups or sides, and whether what differs does so beyond chance."""
    plain = [figure for figure in counted.figures if not is_difference(figure)]
    named = [figure for figure in plain if figure.N][:MAX_GROUPS]
    if len(plain) == 1:
        told = f"{_capital(plain[0].label)}: {_value(plain[0])}."
    else:
        labels = {figure.label for figure in named}
        alike = len(labels) == 1
        parts = [f"{figure.group if alike else _grouped(figure)}: {_value(figure)}" for figure in named]
        more = len(plain) - len(named)
        rest = f"; and {more} more" if more > 0 else ""
        told = (f"{_capital(named[0].label)}, by group: " if alike else "") + "; ".join(parts) + rest + "."
    return f"{told} {counted.verdict}" if counted.verdict else told


def nothing_met(searched: Searched) -> str:
    return (
        f"Not enough evidence: no contact meets the conditions ({conditions(searched)})."
        if conditions(searched)
        else ("Not enough evidence: there are no contacts here yet.")
    )


def nothing_known(counted: Counted, n_total: int) -> str:
    """For a measure that nobody recorded."""
    label = counted.figures[0].label if counted.figures else "what was asked for"
    return f"Not enough evidence: “{label}” is known of none of {_contacts(n_total)}."


def nothing_said(searched: Searched, subject: str) -> str:
    where = conditions(searched)
    met = f" that meet the conditions ({where})" if where else ""
    of = f"none of {_contacts(searched.n_calls)}{met}"
    return f"Not enough evidence: in {of} was anything said that comes close enough to “{subject}”."


def conditions(searched: Searched) -> str:
    """The filters and the period; empty for none."""
    since, until = searched.period.since, searched.period.until
    limits = [str(each) for each in searched.where]
    if since is not None or until is not None:
        limits.append(f"{since or 'the first'} to {until or 'the last'}")
    return "; ".join(limits)


def search_caveats(n: int, total: int, *, complete: bool) -> list[str]:
    """What limits a search's figure."""
    told = ["Found by closeness in meaning and words: a contact that says it quite differently can be missing."]
    if 0 < n < FEW:
        told.append(f"Only {_contacts(n)} of {total}: take what is quoted as examples.")
    if not complete:
        told.append("So much was found that not all of it was read: the number is a lower bound.")
    return told


def _value(figure: Figure) -> str:
    """ "12 of 60 (20 %, 95 % interval 12 % to 32 %)"; a mean without "of"."""
    interval = write_interval(figure)
    sure = f", 95 % interval {interval}" if interval else ""
    if figure.unit == "count":
        return f"{figure.n:,}" if figure.n == figure.N else f"{figure.n:,} of {figure.N:,}"
    if figure.value is None:
        return "not known"
    if figure.unit == "share" and abs(figure.value * figure.N - figure.n) < 0.5:
        return f"{figure.n:,} of {figure.N:,} ({write_value(figure)}{sure})"
    return f"{write_value(figure)} ({figure.n:,} known{sure})"


def _grouped(figure: Figure) -> str:
    return figure.label if figure.group is None else f"{figure.label} ({figure.group})"


def _contacts(n: int) -> str:
    return f"{n:,} contact{'' if n == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
