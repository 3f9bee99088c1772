"""Summaries of calls, quoted from what was said."""

from collections.abc import Sequence

from coach.summaries.extract import extract
from coach.types import Call, SummarySentence


def summarise(calls: Sequence[Call], llm: object | None = None) -> list[tuple[SummarySentence, ...]]:
    """One summary a call, in order, parts in the order of SUMMARY_PARTS; () where nothing was said.

    Of each call the turns, questions and cues are read; an LLM is not asked yet.
    """
    return [extract(call.turns, call.questions, call.cues) for call in calls]
