"""`coach rubrics` and `coach review`: what calls are scored by, and what people say of the scores."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.cli.options import config_option, data_option, json_option, open_existing, print_json, read_config
from coach.errors import InputError, StoreError

if TYPE_CHECKING:
    from coach.config import Config
    from coach.rubrics import Agreement, Criterion, Rubric
    from coach.store import Store

_Pairs = Mapping[str, Sequence[tuple[float, float]]]


class _Value(click.ParamType[float | None]):
    """0 to 1, or "na" for None."""

    name = "value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        if str(value).lower() == "na":
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0.0 <= number <= 1.0:
            self.fail(f"{value!r} is no score: write a number from 0 (not met) to 1 (met), or na.", param, ctx)
        return number


@click.command("rubrics")
@data_option
@config_option
@json_option
def rubrics_command(data_dir: Path, config_path: Path | None, as_json: bool) -> None:
    """List the configured rubrics; with stored reviews also how well each criterion agrees with people."""
    from coach.measures import ranges_of
    from coach.rubrics import calibrate, load_rubrics
    from coach.trackers import load_trackers

    config = read_config(data_dir, config_path)
    folder = None if config.score.trackers is None else Path(config.score.trackers)
    trackers = {tracker.name for tracker in load_trackers(folder)}
    found = load_rubrics(config.score.rubrics, trackers, ranges_of(config.score.ranges))
    store = _store_if_any(data_dir, config)
    reviewed: list[_Pairs] = [{} if store is None else store.reviewed_scores(rubric.name) for rubric in found]
    rubrics = [calibrate(rubric, pairs) for rubric, pairs in zip(found, reviewed, strict=True)]
    if as_json:
        print_json([_as_json(rubric, pairs) for rubric, pairs in zip(rubrics, reviewed, strict=True)])
        return
    for rubric, pairs in zip(rubrics, reviewed, strict=True):
        for line in _lines(rubric, pairs):
            click.echo(line)


def _store_if_any(data_dir: Path, config: "Config") -> "Store | None":
    try:
        return open_existing(data_dir, config)
    except StoreError as error:
        if error.code == "no_store":
            return None
        raise


def _as_json(rubric: "Rubric", reviewed: _Pairs) -> dict[str, Any]:
    from coach.rubrics import agree

    def criterion_json(criterion: "Criterion") -> dict[str, Any]:
        weight = criterion.weight if rubric.counts(criterion) else None
        return asdict(criterion) | {"weight": weight, "reviews": asdict(agree(reviewed.get(criterion.name, ())))}

    return {
        "name": rubric.name,
        "title": rubric.title,
        "about": rubric.about,
        "sha256": rubric.sha256,
        "sections": [
            {
                "name": section.name,
                "title": section.title,
                "weight": section.weight,
                "criteria": [criterion_json(criterion) for criterion in section.criteria],
            }
            for section in rubric.sections
        ],
    }


def _lines(rubric: "Rubric", reviewed: _Pairs) -> Iterator[str]:
    from coach.rubrics import agree

    yield f"{rubric.name}: {rubric.about or rubric.title}"
    for section in rubric.sections:
        yield f"  {section.title} (weight {section.weight:g})"
        for criterion in section.criteria:
            weight = f"weight {criterion.weight:g}" if rubric.counts(criterion) else "only reported"
            fatal = ", fatal" if criterion.fatal else ""
            yield f"    {criterion.name} ({criterion.kind}, {weight}{fatal}): {criterion.sentence}"
            agreement = agree(reviewed.get(criterion.name, ()))
            if agreement.n:
                yield f"      {_told(agreement)}"
    yield ""


def _told(agreement: "Agreement") -> str:
    reviews = "1 review" if agreement.n == 1 else f"{agreement.n} reviews"
    told = f"{reviews}, {agreement.difference:.2f} apart on average"
    if agreement.kappa is None:
        return told
    return f"{told}; kappa {agreement.kappa:.2f} [{agreement.low:.2f}, {agreement.high:.2f}] over {agreement.n_yes_no}"


@click.command("review")
@click.argument("call")
@click.argument("rubric")
@click.argument("criterion")
@click.argument("value", type=_Value())
@click.option("--by", "person", required=True, help="Who says so.")
@click.option("--note", default="", help="Why.")
@data_option
@config_option
def review_command(
    call: str,
    rubric: str,
    criterion: str,
    value: float | None,
    person: str,
    note: str,
    data_dir: Path,
    config_path: Path | None,
) -> None:
    """Note a person's score of one criterion of a call: VALUE is 0 (not met) to 1 (met), or na.

    It stands beside the machine's score and never replaces it. A person's later review goes before an earlier one.
    Card numbers are taken out of the note.
    """
    from coach.redact import Redactor
    from coach.store import Review

    if not person.strip():
        raise click.BadParameter("write a name.", param_hint="--by")
    store = open_existing(data_dir, read_config(data_dir, config_path))
    found = store.get_call(call)
    if found is None:
        raise InputError(f"There is no call {call!r} in {data_dir}; `coach status` and `coach serve` list them.")
    card = next((card for card in found.scorecards if card.rubric == rubric), None)
    if card is None:
        known = ", ".join(card.rubric for card in found.scorecards)
        has = f"it has {known}" if known else "`coach rescore` makes them"
        raise InputError(f"The call {call!r} has no scorecard {rubric!r}; {has}.")
    score = next((score for score in card.scores if score.name == criterion), None)
    if score is None:
        names = ", ".join(score.name for score in card.scores)
        raise InputError(f"The scorecard {rubric!r} has no criterion {criterion!r}; it has {names}.")
    clean = Redactor().redact([("agent", note.strip())])[0].text
    store.add_review(Review(call, rubric, criterion, value, person.strip(), clean))
    click.echo(f"Noted: {person.strip()} says {_written(value)}, the machine {_written(score.value)}.", err=True)


def _written(value: float | None) -> str:
    return "not applicable" if value is None else f"{value:g}"
