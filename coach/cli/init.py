"""`coach init`: an example configuration."""

from importlib.resources import files
from pathlib import Path

import click

from coach.cli.options import data_option
from coach.errors import ConfigError


@click.command("init")
@data_option
def init_command(data_dir: Path) -> None:
    """Write a commented example coach.toml into the data folder; every line in it shows the default."""
    from coach.store.engine import make_folder

    target = data_dir / "coach.toml"
    make_folder(data_dir)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(files("coach").joinpath("example.toml").read_text(encoding="utf-8"))
    except FileExistsError:
        raise ConfigError(f"{target} exists already; edit it, or move it away first.") from None
    click.echo(f"{target} written; `coach doctor --data {data_dir}` checks it.", err=True)
