"""`coach import`: ready transcripts into the store."""

from pathlib import Path

import click

from coach.cli.options import config_option, data_option, json_option, print_json, read_config


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@config_option
@json_option
@click.pass_context
def import_command(ctx: click.Context, file: Path, data_dir: Path, config_path: Path | None, as_json: bool) -> None:
    """Import ready transcripts from FILE, one JSON object a line; they are scored and indexed like recorded calls."""
    from ingest.transcripts import import_transcripts

    summary = import_transcripts(file, data_dir, read_config(data_dir, config_path))
    if as_json:
        print_json(summary.to_json())
    else:
        click.echo(f"{summary.imported} imported, {summary.replaced} of them replaced a call of the same id")
        if summary.forgotten:
            click.echo(f"{summary.forgotten} left out: forgotten earlier")
        for failure in summary.failures:
            click.echo(f"      {failure.code}: {failure.message}")
    ctx.exit(1 if summary.failures else 0)
