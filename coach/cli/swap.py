"""`coach swap`: puts a call's sides right."""

from pathlib import Path
from typing import Any

import click

from coach.cli.options import config_option, data_option, json_option, open_existing, print_json, read_config
from coach.errors import InputError


@click.command("swap")
@click.argument("call")
@click.option("--agent", "speaker", metavar="NAME", help="Who the agent is, as the transcript names them: 'Voice 2'.")
@data_option
@config_option
@json_option
def swap_command(call: str, speaker: str | None, data_dir: Path, config_path: Path | None, as_json: bool) -> None:
    """Exchange agent and customer in CALL, everywhere: turns, questions, scorecard, search, pages and exports.

    A second swap restores what was. Later runs keep the sides, also with --redo. Where nobody is known to be the agent,
    name them with --agent.
    """
    from coach.retrieval.generations import bring_up_to_date
    from coach.scoring import suggest_for_calls
    from coach.store import writer_lock
    from coach.swap import name_agent, swap_sides
    from ingest.models import load_scorer
    from ingest.pipeline import enrich

    config = read_config(data_dir, config_path)
    open_existing(data_dir, config).close()  # says how to begin before a folder is made for the lock
    with writer_lock(data_dir, config.store.url):
        store = open_existing(data_dir, config)
        before = store.get_call(call)
        if before is None:
            raise InputError(f"There is no call {call!r} in {data_dir}; nothing was swapped.", code="unknown_call")
        swapped = swap_sides(before) if speaker is None else name_agent(before, speaker)
        scorer = load_scorer(config, store)
        store.set_embedding_model(scorer.embedder.name)
        [after] = enrich([swapped], scorer)
        store.save_call(after)  # all of it in one transaction; an index that lags is brought up by whoever comes next
        suggest_for_calls(store, scorer)
        bring_up_to_date(store, data_dir / "index")
    changed = sum(old.role != new.role for old, new in zip(before.turns, after.turns, strict=True))
    told: dict[str, Any] = {
        "call": call,
        "swapped": after.swapped,
        "turns": changed,
        "questions": len(after.questions),
        "questions_before": len(before.questions),
        "notes": list(scorer.problems),
    }
    if as_json:
        print_json(told)
        return
    state = "put right by hand; later runs keep them" if after.swapped else "as the recording had them again"
    click.echo(f"{changed} turns changed sides in {call!r}; the sides are {state}.")
    click.echo(f"The agent now asks {len(after.questions)} questions (before: {len(before.questions)}).")
    for note in scorer.problems:
        click.echo(f"      {note}")
