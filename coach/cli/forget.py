"""`coach forget`: removes calls for good."""

from pathlib import Path

import click

from coach.cli.options import config_option, data_option, json_option, open_existing, print_json, read_config
from coach.errors import ConfigError, InputError


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
    open_existing(data_dir, config).close()  # says how to begin before a folder is made for the lock
    with writer_lock(data_dir, config.store.url):
        store = open_existing(data_dir, config)
        calls = [call] if call is not None else store.calls_of_customer(customer or "")
        if not calls:
            raise InputError(f"There is no call of customer {customer!r} in {data_dir}.")
        index_dir = data_dir / "index"
        report = forget(store, index_dir, calls, rebuild=lambda: rebuild_from_nothing(store, index_dir))
    if as_json:
        ids = [item.call for item in report.forgotten]
        print_json({"forgotten": ids, "originals": report.originals, "inboxes": report.inboxes})
    else:
        click.echo(f"{len(report.forgotten)} forgotten")
        for name in report.originals:
            click.echo(
                f"Delete the original yourself: {name} (and its copies; looked for in {_listed(report.inboxes)})"
            )
    if report.unknown:
        raise InputError(f"There is no call {report.unknown[0]!r} in {data_dir}; nothing of it was removed.")


def _listed(inboxes: tuple[str, ...]) -> str:
    return ", ".join(inboxes) or "no inbox: it was imported"
