"""Loads everything that has weights, once, as the configuration says."""

from coach.config import Config
from coach.questions import QuestionClassifier
from coach.redact import Redactor
from coach.retrieval.embeddings import load_embedder
from ingest.engines import load_engine
from ingest.pipeline import Models
from ingest.speech import SpeechDetector
from ingest.transcribe import Transcriber


def load_models(config: Config) -> Models:
    """Raises ModelError, saying how to provide them, when weights are missing or damaged."""
    embedder = load_embedder(config.retrieval.embedding_model)
    return Models(
        transcriber=load_transcriber(config),
        redactor=Redactor(names=config.redact.names),
        classifier=QuestionClassifier.load(embedder),
        embedder=embedder,
    )


def load_transcriber(config: Config) -> Transcriber:
    """The recogniser and the speech detector alone."""
    return Transcriber(load_engine(config.transcribe), SpeechDetector(), language=config.transcribe.language)
