"""`coach search` and `coach ask`: the stored calls, asked in words."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

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
from coach.errors import ConfigError

if TYPE_CHECKING:
    from coach.answers import Answer
    from coach.saved import Ask
    from coach.store import Filters, Store


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
    from coach.places import place
    from coach.retrieval.embeddings import load_embedder
    from coach.retrieval.search import Index, search
    from coach.show.words import printable
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
        click.echo(f"nothing found{_why(store, filters)}", err=True)
    for hit in hits:
        click.echo(f"{hit.similarity:.2f}  {place(hit.call, hit.start)}")
        for line in hit.text.splitlines():
            click.echo(f"      {printable(line)}")


def _why(store: "Store", filters: "Filters") -> str:
    """What is wrong with a filter that nothing can meet; empty where it is only the search that finds nothing."""
    from coach.counts.names import check_where

    try:
        check_where(store, filters)
    except ConfigError as problem:
        return f": {problem}"
    return ""


@click.command("ask")
@click.argument("question", required=False)
@click.option("--after", multiple=True, metavar="Q", help="An earlier question whose conditions go on; oldest first.")
@click.option("--save", "name", metavar="NAME", help="Ask it again at the end of each run; see `coach saved`.")
@data_option
@config_option
@where_option
@json_option
def ask_command(
    question: str | None,
    after: tuple[str, ...],
    name: str | None,
    data_dir: Path,
    config_path: Path | None,
    where: tuple[str, ...],
    as_json: bool,
) -> None:
    """Answer QUESTION from the stored calls: counted, quoted word for word, or "not enough evidence".

    Without QUESTION, on a terminal, a conversation: one question a line, an empty line ends it.
    """
    from coach.cli.asking import asking
    from coach.saved import save_question
    from coach.store import SavedQuestion, parse_where

    filters = parse_where(where)
    if question is None and not sys.stdin.isatty():
        raise click.UsageError('Say what to ask, in quotes: coach ask "Why do customers leave?"')
    if question is not None and not question.strip():
        raise click.UsageError("The question is empty.")
    if question is None and name is not None:
        raise click.UsageError("--save needs the QUESTION to save.")
    config = read_config(data_dir, config_path)
    store = open_existing(data_dir, config)
    askers = asking(config)
    if question is None:
        _converse(askers(store, True), filters, list(after), as_json)
        return
    answer = askers(store, True)(question, filters, after, ())
    if name is not None:  # before printing, whose reader may leave early (`| head`)
        saved = save_question(store, askers(store, False), SavedQuestion(name, question, after, where))
        click.echo(f"coach: saved as {saved!r}; it is asked again at the end of each run.", err=True)
    _print(answer, as_json)


def _converse(ask: "Ask", where: "Filters", before: list[str], as_json: bool) -> None:
    """Answers line after line; what cannot be asked is told, and the conversation goes on."""
    click.echo("Ask about the calls; an empty line ends.", err=True)
    while True:
        try:
            question = input("? ").strip()
        except EOFError:
            click.echo(err=True)
            return
        if not question:
            return
        try:
            answer = ask(question, where, before, ())
        except ConfigError as error:
            click.echo(f"coach: {error}", err=True)
            continue
        _print(answer, as_json)
        before.append(question)
        if not as_json:
            click.echo()


def _print(answer: "Answer", as_json: bool) -> None:
    if as_json:
        print_json(answer.to_json())
        return
    from coach.show.answer import render_answer
    from coach.show.console import Terminal

    render_answer(answer, Terminal(highlight=False))
