"""Summaries of calls: quoted from what was said, or written by an LLM and believed only when checked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coach.summaries.extract import extract
from coach.types import Call, SummarySentence

if TYPE_CHECKING:
    from coach.llm import Llm


def summarise(calls: Sequence[Call], llm: "Llm | None" = None) -> list[tuple[SummarySentence, ...]]:
    """One summary a call, in order, parts in the order of SUMMARY_PARTS; () where nothing was said.

    Of each call the turns, questions and cues are read. With an LLM, each part that it wrote well takes the place of
    the quoted one, all calls asked in one batch; the rest stays quoted.
    """
    quoted = [extract(call.turns, call.questions, call.cues) for call in calls]
    if llm is None:
        return quoted
    from coach.summaries.written import improve

    return improve(calls, quoted, llm)
