"""What the agent asked: how much, in which form, and to what end.

Forms and functions are those of the question classifier. What a question does stands beside its form, and questions
about impact, the scarcest and most valuable, have a share of their own. The open share alone is no target: in a public
corpus of expert-labelled counselling it does not separate good sessions from poor ones, and Rackham (SPIN Selling,
1988) found the same of sales calls.
"""

from collections.abc import Iterator, Sequence

from coach.measures.figures import NO_AGENT, NO_QUESTIONS, NO_TIMES, absent, cite, counted, share
from coach.measures.speech import length_s, speaks
from coach.types import FORMS, FUNCTIONS, Question, Score, Turn


def measure_asking(turns: Sequence[Turn], questions: Sequence[Question], duration_s: float | None) -> Iterator[Score]:
    """Counts and shares by form and by function, and questions per ten minutes of the call."""
    known = speaks(turns, "agent")
    yield _count("questions", "question to the customer", "questions to the customer", questions, known)
    yield _pace(turns, questions, duration_s, known)
    for form in FORMS:
        if form != "none":
            chosen = [q for q in questions if q.form == form]
            yield _count(f"{form}_questions", f"{form} question", f"{form} questions", chosen, known)
    yield _share("open_share", "open", [q for q in questions if q.form == "open"], questions, known)
    for function in FUNCTIONS:
        if function != "none":
            chosen = [q for q in questions if q.function == function]
            yield _count(f"{function}_questions", f"{function} question", f"{function} questions", chosen, known)
            words = "about impact" if function == "impact" else f"{function} questions"
            yield _share(f"{function}_share", words, chosen, questions, known)


def _count(name: str, singular: str, plural: str, chosen: Sequence[Question], known: bool) -> Score:
    if not known:
        return absent(name, "count", NO_AGENT)
    unsure = sum(question.unsure for question in chosen)
    doubt = f" ({unsure} of them unsure)" if unsure else ""
    explained = f"The agent asked {counted(len(chosen), singular, plural)}{doubt}."
    return Score(name, float(len(chosen)), "count", explained, evidence=cite(chosen))


def _pace(turns: Sequence[Turn], questions: Sequence[Question], duration_s: float | None, known: bool) -> Score:
    name, unit = "questions_per_10_minutes", "per_10_minutes"
    if not known:
        return absent(name, unit, NO_AGENT)
    seconds = length_s(turns, duration_s)
    if seconds is None:
        return absent(name, unit, NO_TIMES)
    pace = len(questions) / seconds * 600.0
    words = f"{counted(len(questions), 'question').capitalize()} in {seconds / 60:.1f} minutes."
    return Score(name, pace, unit, words)


def _share(name: str, words: str, chosen: Sequence[Question], questions: Sequence[Question], known: bool) -> Score:
    if not known:
        return absent(name, "share", NO_AGENT)
    if not questions:
        return absent(name, "share", NO_QUESTIONS, of=0)
    verb = "was" if len(chosen) == 1 else "were"
    explained = f"{len(chosen)} of the agent's {len(questions)} questions {verb} {words}."
    return share(name, len(chosen), len(questions), explained, cite(chosen))
