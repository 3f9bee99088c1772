"""`coach trackers`: what cues are looked for, and what a tracker would catch."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from coach.cli.options import config_option, data_option, json_option, open_existing, print_json, read_config
from coach.errors import ConfigError, InputError

if TYPE_CHECKING:
    from coach.config import Config
    from coach.trackers import Tracker
    from coach.trackers.trial import Agreement, Heard

_WEAK_F1 = 0.7
"""Below it a tracker's examples do not tell the cue well enough to trust what it finds. A house rule, not a finding."""


@click.group("trackers", invoke_without_command=True)
@data_option
@config_option
@json_option
@click.pass_context
def trackers_command(context: click.Context, data_dir: Path, config_path: Path | None, as_json: bool) -> None:
    """List the cues that calls are searched for; `coach trackers test NAME` tries one."""
    if context.invoked_subcommand is not None:
        given = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
        if given:
            raise click.UsageError(f"Write the options behind `{context.invoked_subcommand}`, not before it.")
        return
    trackers = _load(read_config(data_dir, config_path))
    if as_json:
        print_json([_record(tracker) for tracker in trackers])
        return
    for tracker in trackers:
        count = f"{len(tracker.positive)}+{len(tracker.negative)}"
        click.echo(f"{tracker.name:<24} {tracker.speaker:<9} {tracker.group:<9} {count:>8}  {tracker.meaning}")


@trackers_command.command("test")
@click.argument("name")
@data_option
@config_option
@click.option(
    "--file", "sentences", type=click.Path(dir_okay=False, path_type=Path), help="Sentences, one a line, not the calls."
)
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many of each.")
@json_option
def test_command(
    name: str, data_dir: Path, config_path: Path | None, sentences: Path | None, count: int, as_json: bool
) -> None:
    """Show what the tracker NAME, or the one in the file NAME, catches in the stored calls, and what it nearly does."""
    from coach.show import printable
    from coach.trackers import load_finder
    from coach.trackers.trial import agreement, catch

    config = read_config(data_dir, config_path)
    tracker = _choose(name, config)
    said = _Counted(_lines(sentences) if sentences else _said(data_dir, config, tracker.speaker))
    finder = load_finder([tracker])
    agreed = agreement(finder, tracker)
    caught, near = catch(finder, tracker, said)
    if as_json:
        shown = {"caught": caught[:count], "near": near[:count]}
        heard = {key: [_heard(one) for one in ones] for key, ones in shown.items()}
        totals = {"n_sentences": said.n, "n_caught": len(caught), "n_near": len(near)}
        print_json({**_record(tracker), **agreed.to_json(), **totals, **heard})
        return
    _print_agreement(tracker, agreed)
    for title, ones in (("caught", caught), ("nearly", near)):
        click.echo(f"\n{title}: {len(ones)} of {said.n} sentences")
        for one in ones[:count]:
            click.echo(f"  {one.probability:.2f}  {one.place:<24} {printable(one.text)}")


def _print_agreement(tracker: "Tracker", agreed: "Agreement") -> None:
    click.echo(f"{tracker.name}: {tracker.meaning}")
    click.echo(
        f"{len(tracker.positive)} positive and {len(tracker.negative)} negative examples; left out by turns they are "
        f"told with F1 {agreed.f1:.2f} (precision {agreed.precision:.2f}, recall {agreed.recall:.2f}); "
        f"threshold {agreed.threshold:.2f}"
    )
    if agreed.f1 < _WEAK_F1:
        click.echo("The examples do not tell the cue reliably yet: add more, or settle the clashes below.", err=True)
    if agreed.clashes:
        click.echo("these examples pull against each other:")
        for clash in agreed.clashes:
            kinds = ("positive", "negative") if clash.carries else ("negative", "positive")
            click.echo(f"  {kinds[0]}: {clash.text}\n      like {kinds[1]}: {clash.nearest}")


def _load(config: "Config") -> "tuple[Tracker, ...]":
    from coach.trackers import load_trackers

    folder = config.score.trackers
    return load_trackers(None if folder is None else Path(folder))


def _choose(name: str, config: "Config") -> "Tracker":
    """The tracker of that name, or the one in the TOML file of that path."""
    from coach.trackers import read_tracker

    if name.endswith(".toml"):
        return read_tracker(Path(name))
    trackers = {tracker.name: tracker for tracker in _load(config)}
    if name not in trackers:
        raise ConfigError(f"There is no tracker {name!r}; `coach trackers` lists them, and a path ends with .toml.")
    return trackers[name]


class _Counted:
    """Pairs of place and sentence, counted while they are read: there may be millions."""

    def __init__(self, sentences: Iterable[tuple[str, str]]) -> None:
        self.n = 0
        self._sentences = sentences

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for pair in self._sentences:
            self.n += 1
            yield pair


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}).") from None
    return ((f"{path.name}:{number}", line.strip()) for number, line in enumerate(lines, start=1) if line.strip())


def _said(data_dir: Path, config: "Config", speaker: str) -> Iterator[tuple[str, str]]:
    """(call@mm:ss, sentence) of everything that the speaker says in the stored calls."""
    from coach.places import place
    from coach.questions.find import time_at
    from coach.trackers.stretches import stretch_spans

    store = open_existing(data_dir, config)
    for call_id in store.call_ids():
        call = store.get_call(call_id)
        for turn in call.turns if call else ():
            if turn.role == speaker:
                for start, end in stretch_spans(turn.text):
                    yield place(call_id, time_at(turn, start)), turn.text[start:end]


def _record(tracker: "Tracker") -> dict[str, Any]:
    return {
        "name": tracker.name,
        "title": tracker.title,
        "speaker": tracker.speaker,
        "group": tracker.group,
        "meaning": tracker.meaning,
        "positive": len(tracker.positive),
        "negative": len(tracker.negative),
        "phrases": len(tracker.phrases),
    }


def _heard(one: "Heard") -> dict[str, Any]:
    return {"place": one.place, "text": one.text, "score": round(one.probability, 4)}
