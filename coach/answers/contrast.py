"""What speaks against an answer: contacts of the same matter in which it is not so, quoted and labelled as such."""

from collections.abc import Sequence

from coach.answers.answer import Citation, CounterExample
from coach.answers.counted import quote_cues
from coach.answers.evidence import Evidence, Near, quote
from coach.retrieval.embeddings import Embedder
from coach.store import Filter, Filters, Store
from coach.store.query import CountQuery

MAX_COUNTER_EXAMPLES = 3
COMPLAINTS = (
    "reason_price",
    "reason_competitor",
    "cause_promise_broken",
    "cause_fix_failed",
    "cause_repeat_contact",
    "cause_long_wait",
    "cause_wrong_information",
    "cause_hard_to_reach",
    "cause_rude",
)
"""Cues of customers who are not content, and with what."""
DISCONTENT = (*COMPLAINTS, "leaving", "confusion")
PRAISE = ("praise",)
_LEAVING = Filter("cue", "=", ("leaving",))
_NOT_LEAVING = Filter("cue", "!=", ("leaving",))


def against_count(store: Store, query: CountQuery, scope: Filters) -> tuple[CounterExample, ...]:
    """Contacts within `scope` that speak against what the query counts; none where that cannot be told.

    Of leaving: the complaint most frequent among those who leave, and no word of leaving. Of impact asked: said, and
    not asked about. Of an outcome: contacts that ended otherwise.
    """
    if query.measure == "asked" and query.subject == "impact":
        unasked = (*scope, Filter("cue", "=", ("impact_stated",)), Filter("question", "!=", ("impact",)))
        return _examples(store, unasked, ("impact_stated",), "says what it does to them, and is not asked about it")
    if query.measure == "outcome" and query.subject == "churned":
        stayed = (*scope, _LEAVING, Filter("churned", "=", ("false",)))
        return _examples(store, stayed, ("leaving",), "speaks of leaving, and stayed")
    if query.measure == "outcome" and query.subject == "resolved":
        unresolved = (*scope, Filter("resolved", "=", ("false",)))
        return _examples(store, unresolved, COMPLAINTS, "was not resolved")
    about_leaving = query.subject == "leaving" if query.measure == "cue" else _LEAVING in scope
    if about_leaving and query.measure in ("cue", "reasons"):
        return _stayed(store, tuple(each for each in scope if each != _LEAVING))
    return ()


def against_search(
    store: Store, embedder: Embedder, evidence: Evidence, scope: Filters, question: str
) -> tuple[CounterExample, ...]:
    """Of passages near to what was searched, those that praise where most complain, or complain where most praise."""
    if evidence.vector is None:
        return ()
    praising = _holding(store, evidence.quotable, scope, PRAISE)
    complaining = _holding(store, evidence.quotable, scope, DISCONTENT)
    both = {each.passage.id for each in praising} & {each.passage.id for each in complaining}
    praising = [each for each in praising if each.passage.id not in both]
    complaining = [each for each in complaining if each.passage.id not in both]
    if not praising or not complaining or len(praising) == len(complaining):
        return ()
    few, trackers, why = (
        (praising, PRAISE, "praises, where most are not content")
        if len(praising) < len(complaining)
        else (complaining, DISCONTENT, "is not content, where most praise")
    )
    calls = tuple(dict.fromkeys(each.passage.call for each in few))
    places = {(each.passage.call, turn) for each in few for turn in _turns(each)}
    said = [one for one in quote_cues(store, calls, trackers, most=len(calls)) if (one.call, one.turn) in places]
    rest = [each for each in few if each.passage.call not in {one.call for one in said}]
    said += quote(store, embedder, evidence.vector, rest, question, most=MAX_COUNTER_EXAMPLES)
    return _as_examples(said, why)


def _stayed(store: Store, scope: Filters) -> tuple[CounterExample, ...]:
    """Contacts with the complaint of those who leave, resolved where that is known, in which nobody speaks of it."""
    by_complaint = [(store.count_calls((*scope, _LEAVING, Filter("cue", "=", (one,)))), one) for one in COMPLAINTS]
    n, complaint = max(by_complaint, key=lambda each: each[0])
    if not n:
        return ()
    same = (*scope, Filter("cue", "=", (complaint,)), _NOT_LEAVING, Filter("churned", "!=", ("true",)))
    resolved = _examples(
        store,
        (*same, Filter("resolved", "=", ("true",))),
        (complaint,),
        "the same complaint, resolved, and no word of leaving",
    )
    return resolved or _examples(store, same, (complaint,), "the same complaint, and no word of leaving")


def _examples(store: Store, scope: Filters, trackers: Sequence[str], why: str) -> tuple[CounterExample, ...]:
    """Cues of the newest calls within `scope`."""
    newest = [call.id for call in store.list_calls(scope, limit=4 * MAX_COUNTER_EXAMPLES)]
    return _as_examples(quote_cues(store, newest, trackers, most=MAX_COUNTER_EXAMPLES), why)


def _as_examples(quotes: Sequence[Citation], why: str) -> tuple[CounterExample, ...]:
    return tuple(CounterExample(one, why) for one in quotes[:MAX_COUNTER_EXAMPLES])


def _holding(store: Store, near: Sequence[Near], scope: Filters, trackers: Sequence[str]) -> list[Near]:
    """Those of the passages in which one of these cues is said."""
    calls = tuple(dict.fromkeys(each.passage.call for each in near))
    ids: set[int] = set()
    for first in range(0, len(calls), 500):
        within = (*scope, Filter("call", "=", calls[first : first + 500]), Filter("cue", "=", tuple(trackers)))
        ids.update(store.passage_ids(within).tolist())
    return [each for each in near if each.passage.id in ids]


def _turns(near: Near) -> range:
    return range(near.passage.first_turn, near.passage.last_turn + 1)
