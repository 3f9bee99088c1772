"""Options that several commands share, and what they open. Imports little: `coach --help` reads every command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from coach.config import Config
    from coach.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])

data_option = click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("callcoach-data"),
    show_default=True,
    help="The data folder.",
)
config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="A coach.toml; default: the one in the data folder, if there is one.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
where_option = click.option(
    "--where",
    multiple=True,
    metavar="k=v",
    help="Only calls with this metadata: k=v[,v], k!=v, k>=v, k<=v; or in which it is said: cue=leaving, "
    "question=impact, role=customer. Several mean and.",
)


def read_config(data_dir: Path, config_path: Path | None) -> "Config":
    """The configuration named, else the data folder's, else the defaults."""
    from coach.config import load_config

    if config_path is None and (data_dir / "coach.toml").is_file():
        config_path = data_dir / "coach.toml"
    return load_config(config_path)


def open_existing(data_dir: Path, config: "Config") -> "Store":
    """The store of a data folder that has one; StoreError says how to begin otherwise."""
    from coach.store import open_store

    return open_store(data_dir, config.store, create=False)


def print_json(value: Any) -> None:
    """One JSON document on one line of stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False))


def tell_vocabulary(config: "Config") -> None:
    """Says, on stderr, which configured terms the recogniser has no room for."""
    if config.transcribe.vocabulary:
        from ingest.vocabulary import load_vocabulary

        if notice := load_vocabulary(config.transcribe.vocabulary).notice:
            click.echo(f"coach: {notice}", err=True)
