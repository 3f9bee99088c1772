"""`coach import`: ready transcripts and messages into the store."""

from pathlib import Path

import click

from coach.cli.options import config_option, data_option, json_option, print_json, read_config


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    metavar="NAME",
    help="jsonl, subtitles (WebVTT, SRT), vcon, whisper, amazon, chat-csv, mail (.eml, .mbox) or social; "
    "default: each file's own, by content and suffix.",
)
@click.option(
    "--agent",
    metavar="PATTERN",
    help="A regular expression that agents' names or addresses match; everybody else is then a customer.",
)
@data_option
@config_option
@json_option
@click.pass_context
def import_command(
    ctx: click.Context,
    files: tuple[Path, ...],
    form: str | None,
    agent: str | None,
    data_dir: Path,
    config_path: Path | None,
    as_json: bool,
) -> None:
    """Import ready transcripts, chats and mail from FILES; they are scored and indexed like recorded calls."""
    from ingest.imports import import_transcripts

    summary = import_transcripts(files, data_dir, read_config(data_dir, config_path), form=form, agent=agent)
    if as_json:
        print_json(summary.to_json())
    else:
        click.echo(f"{summary.imported} imported, {summary.replaced} of them replaced a call of the same id")
        if summary.forgotten:
            click.echo(f"{summary.forgotten} left out: forgotten earlier")
        for note in summary.notes:
            click.echo(f"      {note}")
        for failure in summary.failures:
            click.echo(f"      {failure.code}: {failure.message}")
    ctx.exit(1 if summary.failures else 0)
