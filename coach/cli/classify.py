"""`coach classify`: questions on stdin, labels on stdout."""

import json
from pathlib import Path

import click

from coach.cli.options import config_option, read_config


@click.command("classify")
@config_option
def classify_command(config_path: Path | None) -> None:
    """Label questions by form and function: {"id","prev","text"} a line in, the labels a line out, in order."""
    from coach.questions import QuestionClassifier, classify_lines
    from coach.retrieval.embeddings import load_embedder

    config = read_config(Path(), config_path)
    classifier = QuestionClassifier.load(load_embedder(config.retrieval.embedding_model))
    stdin = click.get_text_stream("stdin", encoding="utf-8-sig", errors="strict")
    for record in classify_lines(stdin, classifier):
        click.echo(json.dumps(record, ensure_ascii=False))
