"""`coach search` and `coach ask`: the stored calls, asked in words."""

from pathlib import Path

import click

from coach.cli.options import (
    config_option,
    data_option,
    json_option,
    open_existing,
    print_json,
    read_config,
    where_option,
)


@click.command("search")
@click.argument("query")
@click.option("-k", "count", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many passages.")
@data_option
@config_option
@where_option
@json_option
def search_command(
    query: str, count: int, data_dir: Path, config_path: Path | None, where: tuple[str, ...], as_json: bool
) -> None:
    """Find the passages of all calls nearest in meaning to QUERY, best first."""
    from coach.answers import place
    from coach.retrieval.embeddings import load_embedder
    from coach.retrieval.search import Index, search
    from coach.store import parse_where

    filters = parse_where(where)
    config = read_config(data_dir, config_path)
    store = open_existing(data_dir, config)
    embedder = load_embedder(config.retrieval.embedding_model)
    hits = search(store, Index.open(data_dir / "index"), embedder, query, count, filters)
    if as_json:
        print_json([hit.to_json() for hit in hits])
        return
    if not hits:
        click.echo("nothing found", err=True)
    for hit in hits:
        click.echo(f"{hit.similarity:.2f}  {place(hit.call, hit.start)}")
        for line in hit.text.splitlines():
            click.echo(f"      {line}")


@click.command("ask")
@click.argument("question")
@data_option
@config_option
@where_option
@json_option
def ask_command(question: str, data_dir: Path, config_path: Path | None, where: tuple[str, ...], as_json: bool) -> None:
    """Answer QUESTION from the stored calls, with counts and verbatim quotes, or say that there is not enough."""
    from datetime import UTC, datetime

    from coach.answers import Asker, answer
    from coach.llm import open_llm
    from coach.retrieval.embeddings import load_embedder
    from coach.retrieval.search import Index
    from coach.store import parse_where

    filters = parse_where(where)
    config = read_config(data_dir, config_path)
    store = open_existing(data_dir, config)
    embedder = load_embedder(config.retrieval.embedding_model)
    index, today = Index.open(data_dir / "index"), datetime.now(UTC).date()
    asker = Asker(store, index, embedder, config.retrieval, today, open_llm(config.llm))
    result = answer(asker, question, filters)
    if as_json:
        print_json(result.to_json())
    else:
        click.echo(result.answer)
