"""What limits a count, in plain sentences."""

from collections.abc import Iterator, Sequence

from coach.counts.groups import name_of
from coach.counts.measures import MEASURES
from coach.counts.sides import Side
from coach.counts.tables import Table
from coach.store import Filter, Store, Sums
from coach.store.counting import REPEAT_DAYS
from coach.store.filters import holds
from coach.store.query import ANY_TIME, PREVIOUS, CountQuery

FEW = 30
"""Below so many contacts a figure is called uncertain: Wilson's interval of a share of 15 in 30 spans .33 to .67, so
that a third, a half and two thirds cannot be told apart."""
MANY = 5
"""From so many groups on, chance alone sets one apart in more than a fifth of all counts: 1 - .95^5 = .23."""
_KNOWN_BY = {"cue": "sides", "question": "questions"}
"""The measure that tells of which contacts it is known what such a filter asks."""
MAX_NAMED = 10
"""Groups that are left out and yet named."""


def caveats_of(
    store: Store, query: CountQuery, table: Table, sides: Sequence[Side], compared: Sequence[Side], n_shared: int
) -> Iterator[str]:
    """In the order of their weight. `compared` are the sides, or the parts of time, whose difference is given;
    `n_shared` contacts are on both."""
    yield from _unknown(store, query, table, sides)
    yield from _unheard(store, sides)
    yield from _few(query, table)
    yield from _doubtful(query, table)
    yield from _time(store, query, compared)
    if n_shared:
        yield f"{_contacts(n_shared)} on both sides, so no interval of the difference can be given."
    groups = {key.group for key in table.keys}
    if len(groups) >= MANY and MEASURES[query.measure].kind != "number":
        yield f"{len(groups)} groups are compared: one may stand out by chance alone."
    if table.left_out:
        named = ", ".join(name_of(query.group_by or "", group) for group in table.left_out[:MAX_NAMED])
        more = len(table.left_out) - MAX_NAMED
        yield f"{len(table.left_out)} further groups are not shown: {named}{f' and {more} more' if more > 0 else ''}."


def _unknown(store: Store, query: CountQuery, table: Table, sides: Sequence[Side]) -> Iterator[str]:
    if query.measure == "customers":
        nameless = sum(store.count_calls((*side.where, Filter("customer", "=", ()))) for side in sides)
        if nameless:
            yield f"{_contacts(nameless)} without a customer, and not counted."
        return
    rows = list(_rows(table))
    of, known = sum(sums.calls for sums in rows), sum(sums.known for sums in rows)
    if known < of:
        yield f"This is known of {known or 'none'} of {of} contacts; the others are left out."


def _unheard(store: Store, sides: Sequence[Side]) -> Iterator[str]:
    """Of contacts in which something is not said or asked as far as anybody knows: they are not scored, or it is not
    known who speaks."""
    for side in sides:
        for each in side.where:
            if each.key in _KNOWN_BY and not holds(each):
                sums = store.tally(_KNOWN_BY[each.key], None, side.where)[None]
                if unknown := sums.calls - sums.known:
                    yield f"Of {unknown} of the contacts with {each} it is not known."


def _few(query: CountQuery, table: Table) -> Iterator[str]:
    """Numbers are counted, not estimated: only their differences can be due to chance, and those have intervals."""
    if MEASURES[query.measure].kind == "number":
        return
    known = [sums.known for sums in _rows(table) if sums.known]
    few = sum(n < FEW for n in known)
    why = f"with fewer than {FEW} contacts a third, a half and two thirds can hardly be told apart"
    if few and len(known) == 1:
        yield f"It rests on {known[0]} contact{'' if known[0] == 1 else 's'} only: {why}."
    elif few:
        some = f"{few} of {len(known)} figures {'rests' if few == 1 else 'rest'}"
        every = f"{'Both' if few == 2 else f'All {few}'} figures rest"
        which = every if few == len(known) else some
        yield f"{which} on few contacts: {why}."


def _doubtful(query: CountQuery, table: Table) -> Iterator[str]:
    """Of cues and questions."""
    rows = list(_rows(table))
    doubtful, counted = round(sum(sums.doubtful for sums in rows)), round(sum(sums.x for sums in rows))
    if not doubtful:
        return
    if query.measure == "cue":
        yield f"{_contacts(doubtful)} more in which it may be said, too unsurely to be counted."
    elif query.measure == "asked":
        yield f"In {doubtful} of the {counted} contacts only questions with an unsure label do so."
    else:
        yield f"{doubtful} of the {counted} questions counted have an unsure label."


def _time(store: Store, query: CountQuery, sides: Sequence[Side]) -> Iterator[str]:
    if query.period != ANY_TIME or query.compare == PREVIOUS:
        undated = store.count_calls((*query.where, Filter("started_at", "=", ())))
        if undated:
            yield f"{_contacts(undated)} without a time, and left out."
    number = MEASURES[query.measure].kind == "number"
    if number and query.compare == PREVIOUS and len(sides) == 2:
        yield from _uneven(store, sides)
    if query.measure == "repeat":
        span = store.days()
        within = store.days(query.period.filters())
        if span is not None and within is not None and (within[0] - span[0]).days < REPEAT_DAYS:
            yield (
                f"The first contact is of {span[0]}: what came before is not known, so that in the {REPEAT_DAYS} days"
                " after it too few contacts count as repeated."
            )


def _uneven(store: Store, sides: Sequence[Side]) -> Iterator[str]:
    lengths = [side.period.until - side.period.since for side in sides if side.period.until and side.period.since]
    if len(set(lengths)) > 1:
        yield f"The two periods are {lengths[0].days + 1} and {lengths[1].days + 1} days long."
    span, until = store.days(), sides[0].period.until
    if span is not None and until is not None and span[1] < until:
        yield f"The newest contact is of {span[1]}, before the end of the period."


def _rows(table: Table) -> Iterator[Sums]:
    """One a group and side; of several reasons, whose contacts are the same, one."""
    seen = set()
    for key in table.keys:
        if key.group not in seen:
            seen.add(key.group)
            for cell in table.cells:
                if key in cell:
                    yield cell[key]


def _contacts(n: int) -> str:
    return "There is 1 contact" if n == 1 else f"There are {n} contacts"
