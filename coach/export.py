"""Calls out of the store: jsonl, vtt and vcon, which `coach import` reads again, and csv, a row a call."""

import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TextIO

from coach.errors import ConfigError, InputError
from coach.store import Filters, Store
from coach.types import Call, Metadata, Turn
from coach.vcon import to_vcon

Format = Literal["jsonl", "csv", "vtt", "vcon"]

_OUTCOMES = ("team", "segment", "product", "queue", "csat", "resolved", "churned", "sold", "handle_time_s")
# What makes a spreadsheet take a cell for a formula, at its start or, where the program splits cells at other
# characters than ours, after one of those. The wide forms count in some Asian locales (OWASP, "CSV injection").
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=\s{0,10}[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
_MIN_CUE_S = 0.001
_MAX_NAME = 80  # characters of a call's id in a file name


def export(store: Store, form: Format, where: Filters, out: Path | None) -> None:
    """Writes the calls that meet `where`, one after another, in the order of their ids.

    `out` is a file, for vtt and vcon also a folder, which gets one file a call; None means stdout. Raises ConfigError
    when `out` cannot be written or several calls are asked for as one vtt or vcon file; InputError (no_times), after
    the others are written, when calls without times were asked for as vtt.
    """
    if form == "vtt":
        _export_files(store, where, out, form, to_vtt)
        return
    if form == "vcon":
        _export_files(store, where, out, form, vcon_text)
        return
    write = _write_jsonl if form == "jsonl" else _write_csv
    with _open(out) as file:
        write(lambda: _calls(store, where), file)


def _calls(store: Store, where: Filters) -> Iterator[Call]:
    for call_id in store.call_ids(where):
        call = store.get_call(call_id)
        if call is not None:  # forgotten meanwhile
            yield call


@contextmanager
def _open(out: Path | None) -> Iterator[TextIO]:
    """A file to write UTF-8 text to, or stdout, with line ends as they are written."""
    if out is None:
        sys.stdout.flush()
        stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="")
        try:
            yield stdout
            stdout.flush()
        finally:
            stdout.detach()
        return
    try:
        with out.open("w", encoding="utf-8", errors="replace", newline="") as file:
            yield file
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error.strerror}).") from None


# jsonl


def call_to_json(call: Call) -> dict[str, Any]:
    """The call in the form that `coach import` takes, with what it ignores: source, flags, what scoring made."""
    metadata = call.metadata
    outcomes = {name: getattr(metadata, name) for name in _OUTCOMES}
    line: dict[str, Any] = {
        "id": call.id,
        "started_at": _instant(metadata.started_at),
        "medium": metadata.medium,
        "agent": metadata.agent,
        "customer": metadata.customer,
        "duration_s": call.duration_s,
        "metadata": _known({**metadata.extra, **_known(outcomes)}),
        "turns": [_turn_to_json(turn) for turn in call.turns],
        "source": call.source,
        "language": call.language,
        "flags": list(call.flags),
        "questions": [asdict(question) for question in call.questions],
        "cues": [asdict(cue) for cue in call.cues],
        "measures": [asdict(score) for score in call.measures],
        "scorecards": [asdict(card) for card in call.scorecards],
        "summary": [asdict(sentence) for sentence in call.summary],
    }
    return _known(line)


def _turn_to_json(turn: Turn) -> dict[str, Any]:
    return _known({**asdict(turn), "at": _instant(turn.at)})


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _write_jsonl(calls: Callable[[], Iterable[Call]], file: TextIO) -> None:
    for call in calls():
        file.write(json.dumps(call_to_json(call), ensure_ascii=False, allow_nan=False) + "\n")


# csv


def _write_csv(calls: Callable[[], Iterable[Call]], file: TextIO) -> None:
    """A header and a row a call: metadata, what is known of the recording, scores by name, unknown columns last."""
    scores: dict[str, None] = {}
    extras: dict[str, None] = {}
    for call in calls():  # a first pass, because the header needs every name
        scores |= dict.fromkeys(score.name for score in call.measures)
        extras |= dict.fromkeys(call.metadata.extra)
    fixed = list(_fixed_cells(Call("", Metadata(), (), None, "", None)))
    extra_headers = [f"extra.{key}" if key in scores or key in fixed else key for key in extras]
    writer = csv.writer(file)
    writer.writerow([_inert(name) for name in [*fixed, *scores, *extra_headers]])
    for call in calls():
        values = {score.name: score.value for score in call.measures}
        cells = [*_fixed_cells(call).values(), *(values.get(name) for name in scores)]
        writer.writerow([_cell(value) for value in [*cells, *(call.metadata.extra.get(key) for key in extras)]])


def _fixed_cells(call: Call) -> dict[str, Any]:
    metadata = call.metadata
    return {
        "id": call.id,
        "started_at": _instant(metadata.started_at),
        "medium": metadata.medium,
        "agent": metadata.agent,
        "customer": metadata.customer,
        **{name: getattr(metadata, name) for name in _OUTCOMES},
        "duration_s": call.duration_s,
        "turns": len(call.turns),
        "language": call.language,
        "flags": " ".join(call.flags),
        "source": call.source,
    }


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    return _inert(value) if isinstance(value, str) else value


def _inert(text: str) -> str:
    """The text with an apostrophe before whatever a spreadsheet would run as a formula."""
    return _FORMULA.sub(r"\1'", text.replace("\0", ""))


# vtt and vcon, a file a call


def _export_files(store: Store, where: Filters, out: Path | None, form: Format, to_text: Callable[[Call], str]) -> None:
    """One file a call: `out` itself where it is named like one or None, otherwise a folder of them."""
    ids = store.call_ids(where)
    is_file = out is not None and out.suffix.lower() == f".{form}" and not out.is_dir()
    if out is None or is_file:
        if len(ids) != 1:
            raise ConfigError(
                f"{len(ids)} calls meet the filters, and a {form} file holds one: name a folder with --out, or one "
                "call with --where call=ID."
            )
        text = "".join(to_text(call) for call in _calls(store, where))
        with _open(out) as file:
            file.write(text)
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{out} cannot be made a folder ({error.strerror}).") from None
    timeless: list[str] = []
    for call in _calls(store, where):
        try:
            text = to_text(call)
        except InputError:
            timeless.append(call.id)
            continue
        with _open(out / f"{_file_name(call.id)}.{form}") as file:
            file.write(text)
    if timeless:
        raise InputError(
            f"{len(timeless)} of {len(ids)} calls have turns without times and were left out, {timeless[0]!r} first; "
            "export them as jsonl.",
            code="no_times",
        )


def vcon_text(call: Call) -> str:
    line = call_to_json(call)
    return json.dumps(to_vcon(call, line, datetime.now(UTC)), ensure_ascii=False, allow_nan=False) + "\n"


def to_vtt(call: Call) -> str:
    """The transcript as WebVTT, a cue a turn, its voice `<v role>` or, where the speaker has a name, `<v.role name>`.

    Raises InputError (no_times) for chat and mail.
    """
    turns = [turn for turn in call.turns if turn.text.strip()]
    starts = [turn.start for turn in turns if turn.start is not None]
    if len(starts) < len(turns):
        raise InputError(
            f"The call {call.id!r} has turns without times, so it cannot be written as vtt; export it as jsonl.",
            code="no_times",
        )
    parts = ["WEBVTT\n"]
    for i, (turn, start) in enumerate(zip(turns, starts, strict=True)):
        end = turn.end if turn.end is not None else _next_start(starts, i, call.duration_s)
        times = f"{_clock(start)} --> {_clock(max(end, start + _MIN_CUE_S))}"
        parts.append(f"\n{times}\n<v{_voice(turn)}>{_escape(turn.text)}\n")
    return "".join(parts)


def _voice(turn: Turn) -> str:
    name = _escape(turn.speaker or "")
    return f".{turn.role} {name}" if name else f" {turn.role}"


def _next_start(starts: Sequence[float], i: int, duration_s: float | None) -> float:
    if i + 1 < len(starts):
        return starts[i + 1]
    return starts[i] if duration_s is None else duration_s


def _clock(seconds: float) -> str:
    """h:mm:ss.mmm as WebVTT wants it, two digits of hours at least."""
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _escape(text: str) -> str:
    """One line of cue text: a line break could end the cue and begin another."""
    plain = " ".join(text.replace("\0", "\ufffd").split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _file_name(call_id: str) -> str:
    """A file name made of the id; where characters had to go, a hash keeps two ids apart."""
    safe = re.sub(r"[^\w.-]", "_", call_id)[:_MAX_NAME].lstrip(".-") or "call"
    return safe if safe == call_id else f"{safe}-{hashlib.sha256(call_id.encode()).hexdigest()[:8]}"
