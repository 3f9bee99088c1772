"""All that is made of calls' turns, in batches over many calls: questions, cues, measures, summaries, scorecards,
exemplars.

And, once calls are stored, what could have been asked instead, for which all other calls are looked at.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from coach.measures import measure
from coach.questions import QuestionClassifier, ask_of
from coach.retrieval.embeddings import Embedder
from coach.rubrics import Rubric, apply
from coach.store import Store
from coach.suggest import exemplars_of, suggest
from coach.summaries import summarise
from coach.trackers import CueFinder
from coach.types import Call

if TYPE_CHECKING:
    from coach.llm import Llm
    from coach.rubrics.judge import Judgement

RECIPE = "2"
"""Raised when measures, summaries or the making of scores change, so that `coach rescore` finds earlier calls."""
CALLS_TOGETHER = 64
"""Scored in one batch by `rescore_calls`: enough to fill the encoders, few enough to be committed often."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """Everything that scores, loaded once at the edge."""

    classifier: QuestionClassifier
    embedder: Embedder
    finder: CueFinder
    rubrics: tuple[Rubric, ...]
    llm: "Llm | None" = None

    @property
    def fingerprint(self) -> str:
        """Of all that decides what the same turns are given: `Call.scored_by`."""
        parts = (
            RECIPE,
            self.classifier.fingerprint,
            self.finder.fingerprint,
            self.embedder.name,
            *(rubric.sha256 for rubric in self.rubrics),
            "no LLM" if self.llm is None else self.llm.name,
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong with the LLM so far, in sentences that contain nothing of a call; scoring went on without."""
        return () if self.llm is None else tuple(self.llm.problems)


def score_calls(calls: Sequence[Call], scorer: Scorer) -> list[Call]:
    """The calls with all that is made of their turns; texts of all of them share the encoders' batches."""
    turns = [call.turns for call in calls]
    fingerprint = scorer.fingerprint
    found = zip(calls, ask_of(turns, scorer.classifier), scorer.finder.find(turns), strict=True)
    scored = [
        replace(
            call,
            questions=questions,
            cues=cues,
            measures=measure(call.turns, questions, cues, call.duration_s),
            scored_by=fingerprint,
        )
        for call, questions, cues in found
    ]
    judged = [_judge(scored, rubric, scorer.llm) for rubric in scorer.rubrics]
    return [
        replace(
            call,
            scorecards=tuple(
                apply(rubric, call, of_calls[at]) for rubric, of_calls in zip(scorer.rubrics, judged, strict=True)
            ),
            exemplars=exemplars,
            summary=summary,
        )
        for at, (call, exemplars, summary) in enumerate(
            zip(scored, exemplars_of(scored, scorer.embedder), summarise(scored, scorer.llm), strict=True)
        )
    ]


def _judge(calls: Sequence[Call], rubric: Rubric, llm: "Llm | None") -> Sequence[Mapping[str, "Judgement"]]:
    if llm is None:
        return [{} for _ in calls]
    from coach.rubrics.judge import judge

    return judge(calls, rubric, llm)


def rescore_calls(
    store: Store, ids: Iterable[str], scorer: Scorer, stop: Callable[[], str | None] = lambda: None
) -> int:
    """Scores stored calls anew, in place; how many. Ends early, with what is done saved, when `stop` gives a reason."""
    left, done = iter(ids), 0
    while stop() is None and (part := list(islice(left, CALLS_TOGETHER))):
        calls = [call for one in part if (call := store.get_call(one)) is not None]  # forgotten meanwhile
        for call in score_calls(calls, scorer):
            done += store.save_scores(call)
    return done


def suggest_for_calls(store: Store, scorer: Scorer, stop: Callable[[], str | None] = lambda: None) -> int:
    """Gives every scored call that has none yet its suggestions, from the questions of all other calls; how many."""
    left, done = iter(store.unsuggested_calls()), 0
    pool = None
    while stop() is None and (part := list(islice(left, CALLS_TOGETHER))):
        if pool is None:
            store.set_embedding_model(scorer.embedder.name)  # refuses to compare embeddings of two models
            pool = store.exemplars()
        calls = [call for one in part if (call := store.get_call(one)) is not None]
        found = suggest(calls, pool, scorer.embedder, scorer.classifier, scorer.llm)
        for call, suggestions in zip(calls, found, strict=True):
            store.save_suggestions(call.id, suggestions)
            done += 1
    return done
