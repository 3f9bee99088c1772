"""Loads everything that has weights, once, as the configuration says."""

from dataclasses import replace
from functools import partial

from coach.config import Config
from coach.errors import ModelError
from coach.questions import QuestionClassifier
from coach.redact import Redactor
from coach.retrieval.embeddings import Embedder, load_embedder
from ingest.devices import TranscriberPool
from ingest.diarize import Diarizer
from ingest.engines import choose_devices, find_weights, load_engine
from ingest.pipeline import Models
from ingest.speech import SpeechDetector
from ingest.transcribe import MAX_LOOKS, Transcriber
from ingest.voices import load_voice_encoder


def load_models(config: Config) -> Models:
    """Raises ModelError, saying how to provide them, when weights are missing or damaged."""
    classifier, embedder = load_text_models(config)
    redactor = Redactor(names=config.redact.names)
    return Models(load_transcriber(config), redactor, classifier, embedder, load_diarizer())


def load_text_models(config: Config) -> tuple[QuestionClassifier, Embedder]:
    """The question classifier, on the encoder it was trained with, and the encoder of passages as configured."""
    packaged = load_embedder(None)
    chosen = config.retrieval.embedding_model
    return QuestionClassifier.load(packaged), packaged if chosen is None else load_embedder(chosen)


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
