"""`coach import`: files of ready transcripts and messages into a data folder."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from coach.config import Config
from coach.errors import ConfigError
from coach.redact import Redactor
from coach.retrieval.generations import bring_up_to_date
from coach.scoring import suggest_for_calls
from coach.store import writer_lock
from coach.types import Call
from ingest.batch import open_to_write
from ingest.formats.contacts import sides
from ingest.formats.registry import FORMATS
from ingest.models import load_scorer
from ingest.outcome import Failure
from ingest.transcripts import CALLS_TOGETHER, Importer, read_contacts


@dataclass(frozen=True, slots=True)
class ImportSummary:
    imported: int
    replaced: int
    """Of the imported, those that took the place of a call with the same id."""
    forgotten: int
    notes: tuple[str, ...]
    """What was done less well than it could have been, such as without the configured LLM, and why."""
    failures: tuple[Failure, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def import_transcripts(
    paths: Sequence[Path], data_dir: Path, config: Config, *, form: str | None = None, agent: str | None = None
) -> ImportSummary:
    """Every good contact of `paths`, in order; bad items and bad files are told as failures and harm only themselves.

    `form` names the format of all of them (`ingest.formats.registry.FORMATS`), otherwise each is recognised. `agent`
    is a regular expression that an agent's name or address matches, in place of `inbox.agent_pattern`. Raises
    LockedError when a run is at work on the same data, and ConfigError for a format or pattern that cannot be.
    """
    if form is not None and form not in FORMATS:
        raise ConfigError(f"--format {form!r} is not known; expected one of {', '.join(FORMATS)}.")
    who = sides(config.inbox.agent_pattern if agent is None else agent, config.inbox.agent_domains)
    imported = replaced = forgotten = 0
    failures: list[Failure] = []
    with writer_lock(data_dir, config.store.url):
        store = open_to_write(data_dir, config)
        scorer = cache(lambda: load_scorer(config, store))
        into = Importer(store, Redactor(names=config.redact.names), scorer)
        for group in _groups(read_contacts(paths, who, failures, form=form), CALLS_TOGETHER):
            wanted = [call for call in group if not store.is_forgotten_call(call.id)]
            forgotten += len(group) - len(wanted)
            replaced += into.save([into.redact(call) for call in wanted])
            imported += len(wanted)
        if store.unsuggested_calls():
            suggest_for_calls(store, scorer())
        bring_up_to_date(store, data_dir / "index")
    notes = scorer().problems if scorer.cache_info().currsize else ()
    return ImportSummary(imported, replaced, forgotten, notes, tuple(failures))


def _groups(items: Iterable[Call], size: int) -> Iterator[list[Call]]:
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group
