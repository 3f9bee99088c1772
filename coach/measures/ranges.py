"""Benchmark ranges: where a measure usually lies when things go well, each with its published source.

They help to decide what to listen to. None was measured on service calls like an organisation's own, so they are for
coaching and not for employment decisions; an organisation's own ranges (`[score.ranges]`) are better. A measure without
a source that can be trusted for service calls has none. Speaking rate, silence, hold and interruptions differ too much
between lines. The figures of motivational interviewing belong to counselling, where nobody checks an identity: half of
the questions open for beginners, 70 % for the competent (Moyers, Martin, Manuel, Miller and Ernst, Revised Global
Scales: Motivational Interviewing Treatment Integrity 3.1.1, 2010); one reflection per question is fair, two are good
(Moyers, Manuel and Ernst, Motivational Interviewing Treatment Integrity Coding Manual 4.2.1, 2014). To hold service
calls against them would make a target of what no study of such calls supports.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from coach.config import RangeConfig
from coach.errors import ConfigError
from coach.measures.sheet import measure_names


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both included; None is open on that side."""

    low: float | None
    high: float | None
    source: str

    def holds(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


RANGES: Mapping[str, Range] = {
    "talk_share": Range(
        None,
        0.65,
        "Orlob, Mastering the talk-to-listen ratio in sales calls (Gong Labs, 2016, updated by Morgese 2025): in sales"
        " calls 43 % of talk was the seller's where things went best, and above 65 % fewer succeeded",
    ),
    "patience": Range(
        0.2,
        None,
        "Levinson and Torreira, Timing in turn-taking and its implications for processing models of language (Frontiers"
        " in Psychology, 2015): gaps between turns are of the order of 0.2 s; less leaves the customer no room",
    ),
}
"""By the name of the measure."""


def ranges_of(own: Mapping[str, RangeConfig]) -> dict[str, Range]:
    """The published ranges with an organisation's own over them; one without bounds takes a range away.

    Raises ConfigError, naming the field, for a measure that does not exist and a range that holds nothing.
    """
    merged = dict(RANGES)
    for name, bounds in own.items():
        if name not in measure_names():
            known = ", ".join(sorted(measure_names()))
            raise ConfigError(f"score.ranges.{name}: there is no such measure; known are {known}.")
        if bounds.low is not None and bounds.high is not None and bounds.low > bounds.high:
            raise ConfigError(f"score.ranges.{name}: low is above high, so that no value is in the range.")
        merged.pop(name, None)
        if bounds.low is not None or bounds.high is not None:
            merged[name] = Range(bounds.low, bounds.high, "your configuration")
    return merged
