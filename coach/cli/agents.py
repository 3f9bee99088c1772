"""`coach agents`: what an agent's calls show, for coaching."""

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
    from coach.agents import AgentPage
    from coach.store import AgentSummary


@click.command("agents")
@click.argument("name", required=False)
@data_option
@config_option
@where_option
@json_option
def agents_command(
    name: str | None, data_dir: Path, config_path: Path | None, where: tuple[str, ...], as_json: bool
) -> None:
    """List the agents; with NAME show strengths, one thing to practise next, the trend, and calls to listen to."""
    from coach.agents import agent_page
    from coach.show.agents import render_agent, render_agents
    from coach.show.console import Terminal
    from coach.store import parse_where

    filters = parse_where(where)
    store = open_existing(data_dir, read_config(data_dir, config_path))
    if name is None:
        rows = store.agents(filters)
        if as_json:
            print_json([_summary_json(row) for row in rows])
        else:
            render_agents(rows, store.count_calls(filters) - sum(row.n_calls for row in rows), Terminal())
        return
    page = agent_page(store, name, filters)
    if page is None:
        raise InputError(f"There are no calls of an agent {name!r} here; `coach agents` lists the agents.")
    if as_json:
        print_json(_page_json(page))
    else:
        render_agent(page, Terminal())


def _summary_json(row: "AgentSummary") -> dict[str, Any]:
    cards = {name: {"mean": round(mean, 4), "n": n} for name, (mean, n) in row.cards.items()}
    return {
        "agent": row.agent,
        "calls": row.n_calls,
        "questions": row.n_questions,
        "open_questions": row.n_open,
        "impact_asked": {"n": row.n_impact, "N": row.n_asked},
        "scorecards": cards,
    }


def _page_json(page: "AgentPage") -> dict[str, Any]:
    """The page as plain values; a figure is named by rubric and criterion, dates are ISO."""
    from dataclasses import asdict

    record = asdict(page)
    record["periods"] = [first.isoformat() for first in page.periods]
    for part in (*record["trends"], *record["strengths"], *([record["practice"]] if record["practice"] else [])):
        part["rubric"], part["name"] = part.pop("key")
    return record
