"""The last step of a run: saved questions are asked again, so that the morning's page tells what changed."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from coach.answers import Asker, answer
from coach.config import Config
from coach.errors import CoachError
from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import Index
from coach.routing import PhraseBook
from coach.saved import Rerun, rerun
from coach.store import Store
from coach.trackers import load_trackers

NOTHING = Rerun(0, 0, ())


def ask_again(store: Store, config: Config, load_embedder: Callable[[], Embedder]) -> Rerun:
    """Asks all that is saved in the store. A failure fails nothing but itself: it is told among the failures."""
    own = config.score.trackers
    try:
        asker = Asker(
            store,
            Index.open(store.data_dir / "index"),
            load_embedder(),
            config.retrieval,
            datetime.now(UTC).date(),
            book=PhraseBook.load(load_trackers(None if own is None else Path(own))),
        )
        return rerun(store, partial(answer, asker))
    except CoachError as error:
        return Rerun(0, 0, (f"The saved questions were not asked again: {error}",))
