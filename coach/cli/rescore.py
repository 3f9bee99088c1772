"""`coach rescore`: scores stored calls anew after a change of rubrics, trackers or models."""

from pathlib import Path

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


@click.command("rescore")
@click.option("--all", "everything", is_flag=True, help="Also calls that are scored by what is configured now.")
@data_option
@config_option
@where_option
@json_option
def rescore_command(
    everything: bool, data_dir: Path, config_path: Path | None, where: tuple[str, ...], as_json: bool
) -> None:
    """Score calls anew: questions, cues, measures, scorecards, suggestions. Nothing is transcribed.

    Only calls that other rubrics, trackers or models scored, or none; what people said of scores stays. SIGTERM or
    Ctrl-C ends it after the calls in hand; started again it goes on where it was.
    """
    from coach.cli.run import stop_on_signal
    from coach.scoring import rescore_calls, suggest_for_calls
    from coach.store import parse_where, writer_lock
    from ingest.models import load_scorer

    config = read_config(data_dir, config_path)
    filters = parse_where(where)
    open_existing(data_dir, config).close()  # says how to begin before a folder is made for the lock
    with writer_lock(data_dir, config.store.url), stop_on_signal() as stop:
        store = open_existing(data_dir, config)
        scorer = load_scorer(config, store)
        store.set_embedding_model(scorer.embedder.name)  # refuses to mix embeddings of two models
        chosen = store.call_ids(filters)
        if not everything:
            outdated = set(store.outdated_calls(scorer.fingerprint))
            chosen = [call for call in chosen if call in outdated]
        done = rescore_calls(store, chosen, scorer, stop)
        suggested = suggest_for_calls(store, scorer, stop)
    told = {"chosen": len(chosen), "rescored": done, "suggested": suggested, "notes": list(scorer.problems)}
    if as_json:
        print_json(told)
        return
    click.echo(f"{done} of {len(chosen)} calls scored anew; suggestions looked for in {suggested}.")
    for note in scorer.problems:
        click.echo(f"      {note}")
