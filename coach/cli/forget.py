"""`coach forget`: removes calls for good."""

from pathlib import Path

import click

from coach.cli.options import config_option, data_option, json_option, open_existing, print_json, read_config
from coach.errors import ConfigError


@click.command("forget")
@click.argument("call", required=False)
@click.option("--customer", help="All calls of this customer.")
@data_option
@config_option
@json_option
def forget_command(
    call: str | None, customer: str | None, data_dir: Path, config_path: Path | None, as_json: bool
) -> None:
    """Remove CALL, or all calls of a customer, from store, index and kept audio, and never take them in again.

    The original recordings are not touched: they are named, for you to delete.
    """
    from coach.forget import forget
    from coach.retrieval.generations import rebuild_from_nothing
    from coach.store import writer_lock

    if (call is None) == (customer is None):
        raise ConfigError("Name either one call or --customer ID.")
    config = read_config(data_dir, config_path)
    with writer_lock(data_dir, config.store.url):
        store = open_existing(data_dir, config)
        calls = [call] if call is not None else store.calls_of_customer(customer or "")
        report = forget(store, calls, rebuild=rebuild_from_nothing)
    if as_json:
        print_json(report.to_json())
        return
    click.echo(f"{len(report.calls)} forgotten")
    for name in report.originals:
        click.echo(f"Delete the original yourself: {name}")
