"""The last step of a run: saved questions are asked again, so that the morning's page tells what changed."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from coach.answers import answer, load_asker
from coach.config import Config
from coach.errors import CoachError
from coach.retrieval.embeddings import Embedder
from coach.saved import Rerun, rerun
from coach.store import Store

NOTHING = Rerun(0, 0, ())


def ask_again(store: Store, config: Config, load_embedder: Callable[[], Embedder]) -> Rerun:
    """Asks all that is saved in the store. A failure fails nothing but itself: it is told among the failures."""
    try:
        asker = load_asker(store, config, load_embedder(), datetime.now(UTC).date())
        return rerun(store, partial(answer, asker))
    except CoachError as error:
        return Rerun(0, 0, (f"The saved questions were not asked again: {error}",))
