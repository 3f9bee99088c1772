"""What lies in an inbox: recordings ready to be taken, files to wait for, and what cannot be used.

The inbox is only ever read. Links are not followed out of it, and nothing but regular files is opened.
"""

import hashlib
import os
import re
import stat
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from coach.config import InboxConfig
from coach.errors import ConfigError
from coach.types import Role
from ingest.fields import shown_text
from ingest.sniff import RAW_SUFFIXES, container_of

Layout = Literal["single", "pair", "lone"]

TEMPORARY_SUFFIXES = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", "~")
SOUND_SUFFIXES = frozenset(RAW_SUFFIXES) | {
    ".wav", ".wave", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".au", ".snd", ".flac", ".ogg", ".oga", ".opus", ".spx",
    ".mp2", ".mp3", ".m4a", ".m4b", ".mp4", ".mov", ".3gp", ".3g2", ".aac", ".adts", ".amr", ".awb", ".caf", ".mka",
    ".mkv", ".webm", ".sph", ".wma", ".asf", ".avi", ".wmv", ".ra", ".dss", ".voc", ".vox",
}  # fmt: skip
"""Taken as recordings without a look inside; the decoder says so when it cannot read them."""
OTHER_SUFFIXES = frozenset({
    ".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".html", ".htm", ".md", ".log", ".pdf", ".doc", ".docx", ".xls",
    ".xlsx", ".rtf", ".eml", ".jpg", ".jpeg", ".png", ".gif", ".svg", ".srt", ".vtt", ".rttm", ".zip", ".gz", ".7z",
    ".tar", ".sha256", ".md5", ".ini", ".toml", ".yaml", ".yml", ".py", ".sh", ".bat", ".m3u", ".m3u8", ".pls",
})  # fmt: skip
"""Ignored without a word. A file with any other suffix, or none, is ignored unless its first bytes are sound."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One call's sound: one file, or one file a side."""

    paths: tuple[Path, ...]
    """A pair's in the order agent, customer."""
    sha256: str
    """Of the file's bytes; of a pair, of the two files' hex digests (agent's first) written one after the other."""
    layout: Layout
    lone_role: Role | None
    """Whose side a lone file is."""
    name: str
    """For people: "a.wav" or "a_agent.wav + a_customer.wav"."""
    mtime: float
    """Unix time of the newest file."""
    base: str | None = None
    """The stem that the two sides share; None for a single file."""
    sides: tuple[str, ...] = ()
    """A pair's hashes, agent's first: a side that was taken in alone is known by its own."""


@dataclass(frozen=True, slots=True)
class Waiting:
    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the inbox that cannot be used, in one sentence a person can act on."""

    path: Path
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file (or pair) with the very bytes of an older one; no problem, and not taken twice."""

    paths: tuple[Path, ...]
    of: Recording


@dataclass(frozen=True, slots=True)
class InboxLook:
    """Everything one look found; `ready` is oldest first."""

    ready: list[Recording] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)


Digest = Callable[[Path, os.stat_result], str]


def hash_file(path: Path, _: os.stat_result | None = None) -> str:
    """SHA-256 of the bytes of a regular file, in hexadecimal. Raises OSError."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def look(
    inbox: Path,
    config: InboxConfig,
    *,
    final: bool = False,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    digest: Digest = hash_file,
) -> InboxLook:
    """What `inbox` and its folders hold now. Sleeps once, `config.settle_s`, to see which files still change.

    With `final` a lone side does not wait for its other. `digest` may remember hashes of files whose size and time
    are unchanged. Raises ConfigError when `inbox` is no folder or a side's pattern is no regular expression.
    """
    sides = Sides(config)
    if not inbox.is_dir():
        raise ConfigError(f"{inbox}: there is no such folder.")
    found = InboxLook()
    candidates, temporary = _scan(inbox, found)
    if candidates and config.settle_s > 0:
        sleep(config.settle_s)
    files: dict[Path, _File] = {}
    held = {problem.path for problem in found.problems}
    if not final:
        held.update(map(without_temporary, temporary))
    for path, before in candidates.items():
        try:
            after = os.stat(path)
            settled = _fingerprint(after) == _fingerprint(before)
            sha256 = digest(path, after) if settled else ""
            settled = settled and _fingerprint(os.stat(path)) == _fingerprint(after)
        except OSError as error:
            found.problems.append(_unreadable(path, error))
            held.add(path)
            continue
        if settled:
            files[path] = _File(path, sha256, after.st_mtime)
        else:
            found.waiting.append(Waiting(path, "it is still being written"))
            held.add(path)
    _join(files, held, sides, found, lambda file: final or now() - file.mtime >= config.lone_side_wait_s)
    return _without_duplicates(found)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    sha256: str
    mtime: float


class Sides:
    """Tells from a file's stem whose side it is, by the two configured patterns."""

    def __init__(self, config: InboxConfig) -> None:
        self._patterns: dict[Role, re.Pattern[str]] = {}
        roles: tuple[tuple[Role, str], ...] = (("agent", "agent_suffix"), ("customer", "customer_suffix"))
        for role, name in roles:
            try:
                self._patterns[role] = re.compile(getattr(config, name), re.IGNORECASE)
            except re.error as error:
                raise ConfigError(f"inbox.{name}: is not a regular expression: {error}.") from None

    def of(self, path: Path) -> tuple[str, Role] | None:
        """(stem without the mark, role), or None for a file that is no side."""
        for role, pattern in self._patterns.items():
            match = pattern.search(path.stem)
            if match and match.group():
                return path.stem[: match.start()] + path.stem[match.end() :], role
        return None


def _scan(inbox: Path, found: InboxLook) -> tuple[dict[Path, os.stat_result], list[Path]]:
    """Possible recordings with their first stat, and files with temporary names."""
    candidates: dict[Path, os.stat_result] = {}
    temporary: list[Path] = []
    root = inbox.resolve()
    folders = [inbox]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            found.problems.append(_unreadable(folder, error))
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif entry.name.lower().endswith(TEMPORARY_SUFFIXES):
                temporary.append(path)
                found.waiting.append(Waiting(path, "its name says that it is still being copied"))
            elif path.suffix.lower() not in OTHER_SUFFIXES:
                status = _candidate(path, root, found)
                if status is not None:
                    candidates[path] = status
    return candidates, temporary


def _candidate(path: Path, root: Path, found: InboxLook) -> os.stat_result | None:
    """The stat of a file worth hashing; otherwise None, with a problem where a person should know."""
    try:
        if path.is_symlink():
            target = path.resolve(strict=True)
            if not target.is_relative_to(root):
                message = f"{shown_text(path.name)} is a link to a file outside the inbox; put the file itself there."
                found.problems.append(Problem(path, "outside_inbox", message))
                return None
            if target.is_dir():
                return None  # its files are found where they are
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            message = f"{shown_text(path.name)} is a pipe, device or socket, not a file; take it out of the inbox."
            found.problems.append(Problem(path, "not_a_file", message))
            return None
        if path.suffix.lower() not in SOUND_SUFFIXES:
            with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                if container_of(file, "") is None:
                    return None
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        found.problems.append(_unreadable(path, error))
        return None
    return status


def _fingerprint(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def _unreadable(path: Path, error: Exception) -> Problem:
    reason = getattr(error, "strerror", None) or "a loop of links"
    message = f"{shown_text(path.name)} cannot be read ({reason}); check that it exists and its permissions."
    return Problem(path, "unreadable", message)


def without_temporary(path: Path) -> Path:
    """The path under the name that the file will have once it is copied."""
    name = path.name
    while name.lower().endswith(TEMPORARY_SUFFIXES):
        name = name[: -len(next(suffix for suffix in TEMPORARY_SUFFIXES if name.lower().endswith(suffix)))]
    return path.with_name(name or path.name)


def _join(
    files: dict[Path, _File],
    held: set[Path],
    sides: Sides,
    found: InboxLook,
    waited: Callable[[_File], bool],
) -> None:
    """Sorts settled files into recordings, joining the two sides of a call within one folder.

    `held` are files that are there but cannot be used yet: a side never goes alone while its other is among them.
    """
    groups: dict[tuple[Path, str], dict[Role, list[_File]]] = defaultdict(lambda: {"agent": [], "customer": []})
    for file in files.values():
        side = sides.of(file.path)
        if side is None:
            found.ready.append(
                Recording((file.path,), file.sha256, "single", None, shown_text(file.path.name), file.mtime)
            )
        else:
            groups[file.path.parent, side[0]][side[1]].append(file)
    held_calls = {(path.parent, side[0]) for path in held if (side := sides.of(path)) is not None}
    for (folder, base), group in groups.items():
        present = [file for role in group for file in group[role]]
        for role in group:
            group[role] = list({file.sha256: file for file in sorted(group[role], key=_age, reverse=True)}.values())
        if max(len(group["agent"]), len(group["customer"])) > 1:
            found.problems.extend(_ambiguous(file, present) for file in present)
        elif (folder, base) in held_calls:
            found.waiting.extend(Waiting(file.path, "its other side cannot be used yet") for file in present)
        elif group["agent"] and group["customer"]:
            found.ready.append(_pair(base, group["agent"][0], group["customer"][0]))
        elif waited(present[0]):
            lone_role: Role = "agent" if group["agent"] else "customer"
            file = group[lone_role][0]
            name = shown_text(file.path.name)
            found.ready.append(Recording((file.path,), file.sha256, "lone", lone_role, name, file.mtime, base))
        else:
            found.waiting.extend(Waiting(file.path, "its other side has not come yet") for file in present)


def _age(file: _File | Recording) -> tuple[float, str]:
    """Oldest first, by name where times are equal."""
    return file.mtime, str(file.path if isinstance(file, _File) else file.paths[0])


def _pair(base: str, agent: _File, customer: _File) -> Recording:
    sha256 = hashlib.sha256((agent.sha256 + customer.sha256).encode("ascii")).hexdigest()
    name = shown_text(f"{agent.path.name} + {customer.path.name}")
    newest = max(agent.mtime, customer.mtime)
    return Recording(
        (agent.path, customer.path), sha256, "pair", None, name, newest, base, (agent.sha256, customer.sha256)
    )


def _ambiguous(file: _File, present: Iterable[_File]) -> Problem:
    others = ", ".join(shown_text(other.path.name) for other in present if other is not file)
    name = shown_text(file.path.name)
    message = f"{name} belongs to a call with several files for one side ({others}); leave one a side."
    return Problem(file.path, "ambiguous_pair", message)


def _without_duplicates(found: InboxLook) -> InboxLook:
    """The look with `ready` sorted and every content kept once, under its oldest name."""
    first: dict[str, Recording] = {}
    for recording in sorted(found.ready, key=_age):
        if recording.sha256 in first:
            found.duplicates.append(Duplicate(recording.paths, first[recording.sha256]))
        else:
            first[recording.sha256] = recording
    return InboxLook(list(first.values()), found.waiting, found.problems, found.duplicates)
