"""`coach saved`: the questions that are asked again each night, and what changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.options import config_option, data_option, json_option, open_existing, print_json, read_config

if TYPE_CHECKING:
    from coach.saved import History


@click.command("saved")
@click.argument("name", required=False)
@click.option("--rerun", is_flag=True, help="Ask the question NAME, or all, again now.")
@click.option("--remove", is_flag=True, help="Remove the question NAME with all its answers.")
@data_option
@config_option
@json_option
@click.pass_context
def saved_command(
    ctx: click.Context,
    name: str | None,
    rerun: bool,
    remove: bool,
    data_dir: Path,
    config_path: Path | None,
    as_json: bool,
) -> None:
    """List saved questions with what changed since the run before; with NAME, the history of that one.

    `coach ask QUESTION --save NAME` saves one, and each `coach run` asks them all again.
    """
    from coach.cli.asking import asking
    from coach.saved import histories, history_of
    from coach.saved import rerun as ask_again
    from coach.store import writer_lock

    if remove and (name is None or rerun):
        raise click.UsageError("--remove takes the NAME of one question, and not --rerun.")
    config = read_config(data_dir, config_path)
    store = open_existing(data_dir, config)
    if name is not None:
        history_of(store, name, limit=1)  # says which names there are when this is none
    if remove and name is not None:
        store.remove_question(name)
        click.echo(f"coach: {name!r} is removed.", err=True)
        return
    failures: tuple[str, ...] = ()
    if rerun and (asked := store.saved_questions()):
        names = [question.name for question in asked] if name is None else [name]
        with writer_lock(data_dir, config.store.url):  # no call is forgotten between its being counted and kept
            failures = ask_again(store, asking(config)(store, False), names).failures
    _print(histories(store) if name is None else [history_of(store, name)], name is not None, as_json)
    for failure in failures:
        click.echo(f"coach: {failure}", err=True)
    ctx.exit(1 if failures else 0)


def _print(found: "Sequence[History]", is_one: bool, as_json: bool) -> None:
    if as_json:
        told = [history.to_json() for history in found]
        print_json(told[0] if is_one else told)
        return
    from coach.show.console import Terminal
    from coach.show.saved import render_history, render_list

    console = Terminal(highlight=False)
    if is_one:
        render_history(found[0], console)
    elif found:
        render_list(found, console)
    else:
        click.echo('nothing is saved yet: coach ask "QUESTION" --save NAME', err=True)
