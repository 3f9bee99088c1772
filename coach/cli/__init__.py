"""The command `coach`. Data goes to stdout, everything else to stderr; exit codes as in `EXIT_CODES`."""

import os
import sys
from importlib import import_module

import click

from coach import __version__
from coach.environment import prepare
from coach.errors import CoachError, ConfigError, LockedError, ModelError

EXIT_CODES = {"done": 0, "some_inputs_failed": 1, "usage": 2, "locked": 75}

_SETUP_CODES = frozenset({"no_store", "old_schema", "new_schema", "embedding_model"})
"""Codes of a StoreError that speak of the set-up, not of a run: nothing was done."""

_COMMANDS = {
    "run": "run",
    "transcribe": "transcribe",
    "import": "imports",
    "classify": "classify",
    "search": "ask",
    "ask": "ask",
    "saved": "saved",
    "show": "look",
    "agents": "agents",
    "rubrics": "rubrics",
    "review": "rubrics",
    "export": "look",
    "status": "look",
    "serve": "look",
    "forget": "forget",
    "swap": "swap",
    "rescore": "rescore",
    "trackers": "trackers",
    "doctor": "doctor",
    "init": "init",
}
"""Which module of this package holds which command; a module is imported only when its command is used."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = import_module(f"coach.cli.{_COMMANDS[name]}")
        command: click.Command = getattr(module, f"{name}_command")
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="coach")
def cli() -> None:
    """Callcoach: transcribes service calls, scores the questions agents ask, and finds what recurs.

    \b
    Exit codes: 0 all good; 1 some inputs failed (the rest is done and saved);
    2 wrong usage or configuration; 75 another run is at work on the same data.
    """


def main() -> None:
    """Runs the command line and ends the process with its exit code; a CoachError becomes one sentence on stderr."""
    prepare()
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = EXIT_CODES["usage"]
    except (click.Abort, KeyboardInterrupt):
        click.echo("coach: interrupted; what was finished is saved.", err=True)
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; say nothing at exit
        code = EXIT_CODES["done"]
    except CoachError as error:
        click.echo(f"coach: {error}", err=True)
        code = _exit_code(error)
    sys.exit(code if isinstance(code, int) else EXIT_CODES["done"])


def _exit_code(error: CoachError) -> int:
    if isinstance(error, LockedError):
        return EXIT_CODES["locked"]
    if isinstance(error, ConfigError | ModelError) or error.code in _SETUP_CODES:
        return EXIT_CODES["usage"]
    return EXIT_CODES["some_inputs_failed"]
