"""The scorecard of one call: what the agent asked, and how talk was shared, each figure with its evidence.

The first rubric, "basics 1", counts; it does not judge. What a question does stands beside its form, and questions
about impact, the scarcest and most valuable, have lines of their own. The open share alone is no target: in a public
corpus of expert-labelled counselling it does not separate good sessions from poor ones.
"""

from collections.abc import Iterable, Iterator, Sequence

from coach.types import FORMS, FUNCTIONS, Evidence, Question, Role, Score, Turn

MAX_PAUSE_S = 10.0
"""A longer pause (a hold) ends a monologue."""
MAX_BACKCHANNEL_WORDS = 2
"""A turn this short ("mhm", "okay then") does not interrupt the other's monologue."""

_NOBODY = "Does not apply: no turn is known to be the agent's."
_ONE_SIDED = "Does not apply: it needs both the agent's and the customer's side."
_NO_TIMES = "Does not apply: the turns have no times."


def measure(turns: Sequence[Turn], questions: Sequence[Question], duration_s: float | None) -> tuple[Score, ...]:
    """What the agent asked and how talk was shared.

    Figures that cannot be known are None, never 0: all about questions without agent turns, shares without questions,
    and whatever compares the two sides in a one-sided call or one with unknown roles. Times after `duration_s` are cut.
    """
    return (
        *_question_scores(turns, questions),
        _talk_share(turns, duration_s),
        _longest_monologue(turns, duration_s, "agent"),
        _longest_monologue(turns, duration_s, "customer"),
        _reply_words(turns, questions, "open"),
        _reply_words(turns, questions, "closed"),
    )


def _question_scores(turns: Sequence[Turn], questions: Sequence[Question]) -> Iterator[Score]:
    """Counts by form and by function, and the two shares. A question is one found candidate whose form is not none."""
    known = _has(turns, "agent")
    yield _count("questions", "questions to the customer", questions, known)
    for form in FORMS:
        if form != "none":
            yield _count(f"{form}_questions", f"{form} questions", [q for q in questions if q.form == form], known)
    yield _share("open_share", "open", [q for q in questions if q.form == "open"], questions, known)
    yield _share("impact_share", "about impact", [q for q in questions if q.function == "impact"], questions, known)
    for function in FUNCTIONS:
        if function != "none":
            chosen = [q for q in questions if q.function == function]
            yield _count(f"{function}_questions", f"{function} questions", chosen, known)


def _count(name: str, words: str, chosen: Sequence[Question], known: bool) -> Score:
    if not known:
        return Score(name, None, "count", _NOBODY)
    if len(chosen) == 1:
        words = words.replace("questions", "question")
    unsure = sum(question.unsure for question in chosen)
    doubt = f" ({unsure} of them unsure)" if unsure else ""
    explained = f"The agent asked {len(chosen) or 'no'} {words}{doubt}."
    return Score(name, float(len(chosen)), "count", explained, evidence=_cite(chosen))


def _share(name: str, words: str, chosen: Sequence[Question], questions: Sequence[Question], known: bool) -> Score:
    if not known:
        return Score(name, None, "share", _NOBODY)
    if not questions:
        return Score(name, None, "share", "Does not apply: the agent asked no questions.", n=0, of=0)
    verb = "was" if len(chosen) == 1 else "were"
    return Score(
        name,
        len(chosen) / len(questions),
        "share",
        f"{len(chosen)} of the agent's {len(questions)} questions {verb} {words}.",
        n=len(chosen),
        of=len(questions),
        evidence=_cite(chosen),
    )


def _talk_share(turns: Sequence[Turn], duration_s: float | None) -> Score:
    """The agent's seconds of talk over both sides' seconds, n and of in whole seconds.

    This is the "talk-to-listen ratio" of conversation analytics, written as a share. Each side's own overlapping turns
    count once; time in which both speak counts for both; silence and unknown roles count for neither.
    """
    if not (_has(turns, "agent") and _has(turns, "customer")):
        return Score("talk_share", None, "share", _ONE_SIDED)
    agent_s, customer_s = (_union_s(_spans(turns, role, duration_s)) for role in ("agent", "customer"))
    total_s = agent_s + customer_s
    if total_s <= 0:
        return Score("talk_share", None, "share", _NO_TIMES)
    share = agent_s / total_s
    words = f"The agent spoke {share:.0%} of the time that was talk ({agent_s:.0f} of {total_s:.0f} s)."
    return Score("talk_share", share, "share", words, n=round(agent_s), of=round(total_s))


def _longest_monologue(turns: Sequence[Turn], duration_s: float | None, role: Role) -> Score:
    """The longest stretch of one side without the other interrupting, in seconds from its first to its last word.

    Also known from conversation analytics. A backchannel of the other side does not interrupt (MAX_BACKCHANNEL_WORDS),
    a pause longer than MAX_PAUSE_S ends the stretch.
    """
    name = "longest_monologue" if role == "agent" else f"{role}_longest_monologue"
    if not (_has(turns, "agent") and _has(turns, "customer")):
        return Score(name, None, "s", _ONE_SIDED)
    best: tuple[float, int, float] | None = None
    run: tuple[float, float, int] | None = None  # start, end, first turn
    for start, end, index in sorted(_spans(turns, None, duration_s)):
        turn = turns[index]
        if turn.role != role:
            if len(turn.text.split()) > MAX_BACKCHANNEL_WORDS:
                run = None
            continue
        run = (start, end, index) if run is None or start - run[1] > MAX_PAUSE_S else (run[0], max(end, run[1]), run[2])
        if best is None or run[1] - run[0] > best[0]:
            best = (run[1] - run[0], run[2], run[0])
    if best is None:
        return Score(name, None, "s", _NO_TIMES)
    length_s, index, start = best
    words = f"The {role}'s longest stretch without being interrupted lasted {length_s:.0f} s."
    return Score(name, length_s, "s", words, evidence=(Evidence(index, start, turns[index].text),))


def _reply_words(turns: Sequence[Turn], questions: Sequence[Question], form: str) -> Score:
    """Mean number of words the customer answers to a turn whose last question has this form; `of` counts such turns.

    The answer is what the customer says until the agent speaks next, so a backchannel of the agent cuts it short.
    """
    name = f"reply_words_{form}"
    if not (_has(turns, "agent") and _has(turns, "customer")):
        return Score(name, None, "count", _ONE_SIDED)
    last = {question.turn: question for question in sorted(questions, key=lambda q: (q.turn, q.start_char))}
    asked = [question for question in last.values() if question.form == form]
    answered = [(question, words) for question in asked if (words := _words_after(turns, question.turn))]
    if not answered:
        return Score(name, None, "count", f"Does not apply: no {form} question was answered.", of=0)
    mean = sum(words for _, words in answered) / len(answered)
    answers = "1 answer" if len(answered) == 1 else f"{len(answered)} answers"
    explained = f"After {form} questions the customer answered with {mean:.0f} words on average ({answers})."
    return Score(name, mean, "count", explained, of=len(answered), evidence=_cite([q for q, _ in answered]))


def _words_after(turns: Sequence[Turn], index: int) -> int:
    """Words of the customer turns that directly follow turn `index`."""
    words = 0
    for turn in turns[index + 1 :]:
        if turn.role != "customer":
            break
        words += len(turn.text.split())
    return words


def _cite(questions: Iterable[Question]) -> tuple[Evidence, ...]:
    return tuple(Evidence(question.turn, question.time_s, question.text) for question in questions)


def _has(turns: Sequence[Turn], role: Role) -> bool:
    return any(turn.role == role and turn.text.strip() for turn in turns)


def _spans(turns: Sequence[Turn], role: Role | None, duration_s: float | None) -> list[tuple[float, float, int]]:
    """(start, end, turn index) of the turns of `role` (None: of all) that have times and take time."""
    spans = []
    for index, turn in enumerate(turns):
        if turn.start is None or turn.end is None or (role is not None and turn.role != role):
            continue
        end = turn.end if duration_s is None else min(turn.end, duration_s)
        if end > turn.start:
            spans.append((turn.start, end, index))
    return spans


def _union_s(spans: Iterable[tuple[float, float, int]]) -> float:
    """Seconds covered by at least one span."""
    total, reached = 0.0, float("-inf")
    for start, end, _ in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
