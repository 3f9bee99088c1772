"""What was said in the contacts that a count counts: the sentences and questions that make them count, to be quoted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coach.answers.answer import Citation
from coach.answers.quotes import cite, is_verbatim
from coach.counts import Counted
from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import similarity
from coach.store import Store
from coach.store.query import CountQuery
from coach.types import Call

READ_CALLS = 40  # of those counted, the newest: enough to choose six quotes from
QUOTED_CUE = (
    0.75  # score: of those just likely (LIKELY_CUE) nearly a quarter is wrong; a count bears that, a quote does not
)
_SHOWN_BY = {"churned": ("leaving",)}
"""Cues that show an outcome."""
_REASONS = ("reason_", "cause_")


@dataclass(frozen=True, slots=True)
class _Found:
    """Something said that makes a call count."""

    what: str
    """Tracker or function."""
    citation: Citation
    score: float


def trackers_of(query: CountQuery, known: Sequence[str]) -> tuple[str, ...]:
    """Names of the trackers whose cues show what the query counts; `known` are those there are. Often none."""
    if query.measure == "cue":
        return (query.subject or "",)
    if query.measure == "reasons":
        return tuple(name for name in known if name.startswith(_REASONS))
    return _SHOWN_BY.get(query.subject or "", ()) if query.measure == "outcome" else ()


def quote_counted(
    store: Store, embedder: Embedder, counted: Counted, text: str | None, known: Sequence[str], *, most: int
) -> tuple[Citation, ...]:
    """Up to `most` quotes from the newest counted contacts, one each: cues, or questions, that the count is about.

    The surest come first, with `text` those that are sure and near to it; where the count is about several trackers,
    the most frequent one's best comes first, then the next one's. None where nothing said makes a contact count.
    """
    query = counted.query
    trackers = trackers_of(query, known)
    calls = [call for one in counted.calls[:READ_CALLS] if (call := store.get_call(one)) is not None]
    found = [each for call in calls for each in _said_in(call, query, trackers)]
    if text is not None and found:
        near = similarity(embedder.embed([each.citation.quote for each in found]) @ embedder.embed([text])[0])
        found = [replace(each, score=each.score + float(close)) for each, close in zip(found, near, strict=True)]
    return _spread(found, most)


def quote_cues(store: Store, calls: Sequence[str], trackers: Sequence[str], *, most: int) -> tuple[Citation, ...]:
    """Up to `most` sure cues (QUOTED_CUE) of these trackers, one a call, the surest first."""
    loaded = [call for one in calls[:READ_CALLS] if (call := store.get_call(one)) is not None]
    return _spread([each for call in loaded for each in _cues(call, trackers)], most, by_tracker=False)


def _said_in(call: Call, query: CountQuery, trackers: Sequence[str]) -> list[_Found]:
    return _cues(call, trackers) or _questions(call, query)


def _cues(call: Call, trackers: Sequence[str]) -> list[_Found]:
    found = [
        _Found(cue.tracker, cite(call.id, cue.turn, call.turns[cue.turn], cue.start_char, cue.end_char), cue.score)
        for cue in call.cues
        if cue.tracker in trackers and cue.score >= QUOTED_CUE
    ]
    return [each for each in found if is_verbatim(each.citation, call.turns)]


def _questions(call: Call, query: CountQuery) -> list[_Found]:
    """The agent's questions that the query counts, sure ones only."""
    wanted = query.subject if query.measure in ("asked", "function") else None
    found = [
        _Found(one.function, cite(call.id, one.turn, call.turns[one.turn], one.start_char, one.end_char), score)
        for one in call.questions
        if not one.unsure and one.form != "none"
        if (score := _worth(one.function, one.form, one.function_score, one.form_score, query.measure, wanted)) > 0
    ]
    return [each for each in found if is_verbatim(each.citation, call.turns)]


def _worth(
    function: str, form: str, function_score: float, form_score: float, measure: str, wanted: str | None
) -> float:
    if measure == "open":
        return form_score if form == "open" else 0.0
    return function_score if wanted is not None and function == wanted else 0.0


def _spread(found: Sequence[_Found], most: int, *, by_tracker: bool = True) -> tuple[Citation, ...]:
    """The best of each kind in turns, the most frequent kind first, no call twice and no words twice."""
    calls: dict[str, set[str]] = {}
    for each in found:
        calls.setdefault(each.what, set()).add(each.citation.call)
    kinds = sorted(calls, key=lambda what: (-len(calls[what]), what)) if by_tracker else [""]
    best = sorted(found, key=lambda each: (-each.score, each.citation.call, each.citation.turn))
    queues = [[each.citation for each in best if not by_tracker or each.what == kind] for kind in kinds]
    chosen: list[Citation] = []
    used: set[str] = set()
    while len(chosen) < most and any(queues):
        for queue in queues:
            one = next((each for each in queue if not {each.call, each.quote.casefold()} & used), None)
            if one is None:
                queue.clear()
            elif len(chosen) < most:
                chosen.append(one)
                used |= {one.call, one.quote.casefold()}
    return tuple(chosen)
