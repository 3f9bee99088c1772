"""Loads everything that has weights, once, as the configuration says."""

from coach.config import Config
from coach.questions import QuestionClassifier
from coach.redact import Redactor
from coach.retrieval.embeddings import Embedder, load_embedder
from ingest.engines import load_engine
from ingest.pipeline import Models
from ingest.speech import SpeechDetector
from ingest.transcribe import Transcriber


def load_models(config: Config) -> Models:
    """Raises ModelError, saying how to provide them, when weights are missing or damaged."""
    classifier, embedder = load_text_models(config)
    return Models(load_transcriber(config), Redactor(names=config.redact.names), classifier, embedder)


def load_text_models(config: Config) -> tuple[QuestionClassifier, Embedder]:
    """The question classifier, on the encoder it was trained with, and the encoder of passages as configured."""
    packaged = load_embedder(None)
    chosen = config.retrieval.embedding_model
    return QuestionClassifier.load(packaged), packaged if chosen is None else load_embedder(chosen)


def load_transcriber(config: Config) -> Transcriber:
    """The recogniser and the speech detector alone."""
    return Transcriber(load_engine(config.transcribe), SpeechDetector(), language=config.transcribe.language)
