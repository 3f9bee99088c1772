"""What answers questions, put together from a data folder's configuration when the first one is asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coach.answers import Asker
    from coach.config import Config
    from coach.saved import Ask
    from coach.store import Store


def asking(config: "Config") -> "Callable[[Store, bool], Ask]":
    """A function that gives what answers over a store: with the configured LLM, or (False) without.

    What is heavy is loaded once, when the function is first called; the index is opened anew when a run has made
    another one current. A new `Llm` is made each time, so that the limits of its use are each question's own.
    """
    loaded: Asker | None = None

    def ask(store: "Store", with_llm: bool) -> "Ask":
        from coach.answers import answer, load_asker
        from coach.llm import open_llm
        from coach.retrieval.embeddings import load_embedder

        nonlocal loaded
        today = datetime.now(UTC).date()
        if loaded is None:
            loaded = load_asker(store, config, load_embedder(config.retrieval.embedding_model), today)
        llm = open_llm(config.llm, store) if with_llm else None
        return partial(answer, replace(loaded, store=store, today=today, llm=llm))

    return ask
