"""What a run tells of its work: one outcome a recording, one summary at the end, to whoever listens."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from coach.saved import Rerun

Status = Literal["done", "imported", "updated", "unchanged", "forgotten", "set_aside", "still_set_aside"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording in this run."""

    name: str
    status: Status
    sha256: str | None = None
    call: str | None = None
    code: str | None = None
    message: str | None = None
    audio_s: float | None = None
    wall_s: float | None = None
    """Its share, by length, of the time its group of calls took."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that failed in this run: a recording set aside, a bad row of metadata, an unreadable file."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did, for people and for `--json`."""

    done: int
    """Recordings transcribed."""
    imported: int
    """Chats, mails and ready transcripts taken in."""
    updated: int
    unchanged: int
    set_aside: int
    still_set_aside: int
    """Set aside by an earlier run and not tried again."""
    forgotten: int
    waiting: int
    left: int
    """Recordings not taken because of the limit, the hour or a signal."""
    stopped: str | None
    """Why the run ended early; None when it went through."""
    audio_s: float
    wall_s: float
    generation: str | None
    asked: int
    """Saved questions that were asked again..."""
    changed: int
    """...and those of them whose answer changed beyond chance."""
    notes: tuple[str, ...]
    """What was done less well than it could have been, such as without the configured LLM, and why."""
    failures: tuple[Failure, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Reporter(Protocol):
    """Told what happens during a run: a progress bar, or a log line a call."""

    def begin(self, recordings: int, size_bytes: int) -> None:
        """The work that was found, before the first recording is transcribed."""

    def stage(self, text: str) -> None:
        """What the run is doing now."""

    def settled(self, outcome: Outcome, size_bytes: int) -> None:
        """One recording is finished; `size_bytes` counts towards the work told by `begin`."""


def summarise(
    outcomes: Sequence[Outcome],
    *,
    waiting: int,
    left: int,
    stopped: str | None,
    wall_s: float,
    generation: str | None,
    asked: Rerun,
    notes: Sequence[str],
    failures: Sequence[Failure],
) -> RunSummary:
    """Counts by status; `failures` are those that belong to no recording, the recordings' own are added."""

    def count(status: Status) -> int:
        return sum(outcome.status == status for outcome in outcomes)

    own = [Failure(o.code or "error", o.message or o.name) for o in outcomes if o.status == "set_aside"]
    return RunSummary(
        done=count("done"),
        imported=count("imported"),
        updated=count("updated"),
        unchanged=count("unchanged"),
        set_aside=count("set_aside"),
        still_set_aside=count("still_set_aside"),
        forgotten=count("forgotten"),
        waiting=waiting,
        left=left,
        stopped=stopped,
        audio_s=sum(outcome.audio_s or 0.0 for outcome in outcomes),
        wall_s=wall_s,
        generation=generation,
        asked=asked.asked,
        changed=asked.changed,
        notes=tuple(notes),
        failures=(*failures, *own),
    )
