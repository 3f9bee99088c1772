"""Loads everything that has weights, once, as the configuration says."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from coach.config import Config
from coach.errors import ModelError
from coach.llm import open_llm
from coach.measures import ranges_of
from coach.questions import QuestionClassifier
from coach.redact import Redactor
from coach.retrieval.embeddings import load_embedder
from coach.rubrics import calibrate, load_rubrics
from coach.scoring import Scorer
from coach.store import Store
from coach.trackers import load_finder, load_trackers
from ingest.devices import TranscriberPool
from ingest.diarize import Diarizer
from ingest.engines import choose_devices, find_weights, load_engine
from ingest.pipeline import Models
from ingest.speech import SpeechDetector
from ingest.transcribe import MAX_LOOKS, Transcriber
from ingest.voices import load_voice_encoder


def load_models(config: Config, scorer: Scorer) -> Models:
    """Raises ModelError, saying how to provide them, when weights are missing or damaged."""
    return Models(load_transcriber(config), Redactor(names=config.redact.names), scorer, load_diarizer())


def load_scorer(config: Config, store: Store | None) -> Scorer:
    """All that makes scores of turns. With a store, people's reviews there say which judged criteria may count, and
    the LLM's replies are kept in it. Raises ModelError, and ConfigError for trackers or rubrics that cannot be used.
    """
    packaged = load_embedder(None)
    chosen = config.retrieval.embedding_model
    trackers = load_trackers(None if config.score.trackers is None else Path(config.score.trackers))
    names = [tracker.name for tracker in trackers]
    rubrics = load_rubrics(config.score.rubrics, names, ranges_of(config.score.ranges))
    if store is not None:
        rubrics = tuple(calibrate(rubric, store.reviewed_scores(rubric.name)) for rubric in rubrics)
    return Scorer(
        QuestionClassifier.load(),
        packaged if chosen is None else load_embedder(chosen),
        load_finder(trackers),
        rubrics,
        open_llm(config.llm, store),
    )


def load_transcriber(config: Config) -> Transcriber | TranscriberPool:
    """The recogniser and the speech detector alone; where several devices are configured, a process on each."""
    devices = choose_devices(config.transcribe.device)
    if len(devices) == 1:
        return _transcriber_on(config, devices[0])
    found = find_weights(config.transcribe, devices[0])  # says what is missing before any process starts
    own = replace(config, transcribe=replace(config.transcribe, model=config.transcribe.model or found.name))
    return TranscriberPool(partial(_transcriber_on, own), devices, name=config.transcribe.engine, model=found.name)


def _transcriber_on(config: Config, device: str) -> Transcriber:
    own = replace(config.transcribe, device=device)
    looks = MAX_LOOKS if own.beam_search else MAX_LOOKS - 1
    return Transcriber(load_engine(own), SpeechDetector(), language=own.language, looks=looks)


def load_diarizer() -> Diarizer | None:
    """What tells voices on one channel apart; None without the extra `diarize`. ModelError for damaged weights."""
    try:
        return Diarizer(load_voice_encoder())
    except ModelError as error:
        if error.code != "no_voices":
            raise
        return None
