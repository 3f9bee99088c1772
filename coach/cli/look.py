"""`coach show`, `export`, `status` and `serve`: the stored calls, looked at."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from coach.errors import InputError

if TYPE_CHECKING:
    from coach.export import Format


@click.command("show")
@click.argument("call")
@data_option
@config_option
def show_command(call: str, data_dir: Path, config_path: Path | None) -> None:
    """Print a call: what to practise, transcript with questions and cues, scorecards with reviews, measures."""
    from coach.measures import ranges_of
    from coach.show import render
    from coach.show.console import Terminal

    config = read_config(data_dir, config_path)
    store = open_existing(data_dir, config)
    found = store.get_call(call)
    if found is None:
        raise InputError(f"There is no call {call!r} in {data_dir}; `coach status` and `coach serve` list them.")
    ranges = ranges_of(config.score.ranges)
    render(found, Terminal(), store.get_suggestions(found.id), store.get_reviews(found.id), ranges)


@click.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv", "vtt", "vcon"]), required=True)
@click.option("--out", type=click.Path(path_type=Path), help="File, or a folder for vtt and vcon; default: stdout.")
@data_option
@config_option
@where_option
def export_command(
    form: "Format", out: Path | None, data_dir: Path, config_path: Path | None, where: tuple[str, ...]
) -> None:
    """Write calls out: jsonl, vtt and vcon (which `coach import` reads), csv (a row a call)."""
    from coach.export import export
    from coach.store import parse_where

    filters = parse_where(where)
    export(open_existing(data_dir, read_config(data_dir, config_path)), form, filters, out)


@click.command("status")
@data_option
@config_option
@json_option
def status_command(data_dir: Path, config_path: Path | None, as_json: bool) -> None:
    """Show what is stored, what was set aside and why, the last runs and their speed, and whether the index is up."""
    from coach.status import read_status

    status = read_status(open_existing(data_dir, read_config(data_dir, config_path)))
    if as_json:
        print_json(status)
    else:
        _print_status(status)


def _print_status(status: dict[str, Any]) -> None:
    for name, value in status["counts"].items():
        if not isinstance(value, dict):
            click.echo(f"{name:<14} {value}")
    click.echo(f"{'index':<14} {index_state(status['index'])}")
    for file in status["set_aside_files"]:
        click.echo(f"{'set aside':<14} {file['code']}: {file['message']}")
    for run in status["runs"]:
        state = run["stopped"] or "finished" if run["finished_at"] else "not finished (running, or killed)"
        speed = "" if run["rtfx"] is None else f", {run['rtfx']:.1f} x real time"
        click.echo(
            f"run {run['id']:<10} {run['started_at']}  {run['done']} done, {run['set_aside']} set aside{speed}; {state}"
        )


def index_state(index: dict[str, Any]) -> str:
    """The index in one phrase."""
    if index["up_to_date"]:
        return "up to date"
    return f"{index['problem'] or 'behind the store'}; the next run brings it up, searches see everything meanwhile"


@click.command("serve")
@data_option
@config_option
@click.option("--port", type=click.IntRange(0, 65535), help="Default 8765; 0 takes a free one.")
@click.option("--host", help="Default 127.0.0.1: this machine only.")
@click.option("--no-token", is_flag=True, help="Ask for no token (loopback only).")
def serve_command(data_dir: Path, config_path: Path | None, port: int | None, host: str | None, no_token: bool) -> None:
    """Serve the pages: the list of calls, each call with its sound and what to practise, and where to ask them all."""
    import dataclasses

    from coach.cli.asking import asking
    from coach.measures import ranges_of
    from coach.web import serve

    config = read_config(data_dir, config_path)
    changes: dict[str, Any] = {}
    if port is not None:
        changes["port"] = port
    if host is not None:
        changes["host"] = host
    if no_token:
        changes["token"] = False
    serve(
        data_dir,
        dataclasses.replace(config.serve, **changes),
        config.store,
        ranges_of(config.score.ranges),
        asking(config),
    )
