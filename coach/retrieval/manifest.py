"""A generation's manifest: what an index was built from, and the hash of every file in it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from coach.errors import StoreError

FORMAT = 2
MANIFEST_FILE = "manifest.json"
MAX_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileEntry:
    size: int
    """bytes"""
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`files` maps each file's path inside the generation, with forward slashes, to what it must be."""

    content_version: int
    """Of the store when the index was built; the store has moved on when its own differs."""
    embedding_model: str | None
    """None in an index of nothing."""
    count: int
    dimension: int
    """0 in an index of nothing."""
    files: dict[str, FileEntry]


def describe_files(folder: Path) -> dict[str, FileEntry]:
    """Size and hash of every file below `folder`, the manifest itself excepted."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {
        file.relative_to(folder).as_posix(): FileEntry(file.stat().st_size, sha256_file(file))
        for file in files
        if file.name != MANIFEST_FILE
    }


def write_manifest(folder: Path, manifest: Manifest) -> None:
    body = {"format": FORMAT, **asdict(manifest)}
    text = json.dumps({**body, "checksum": _checksum(body)}, indent=1, sort_keys=True)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Raises StoreError (code index_damaged) when it is missing, altered or of another format."""
    path = folder / MANIFEST_FILE
    try:
        with path.open("rb") as stream:
            data: dict[str, Any] = json.loads(stream.read(MAX_MANIFEST_BYTES))
        checksum = data.pop("checksum")
        if data.pop("format") != FORMAT or checksum != _checksum({"format": FORMAT, **data}):
            raise ValueError("altered, or of another version")
        files = {name: FileEntry(**entry) for name, entry in data.pop("files").items()}
        return Manifest(files=files, **data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(f"{path}: is not a usable manifest ({error}).", code="index_damaged") from error


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Raises StoreError (code index_damaged) unless exactly the manifest's files are there, unaltered."""
    try:
        found = describe_files(folder)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read ({error}).", code="index_damaged") from error
    if found != manifest.files:
        names = {name for name in found.keys() | manifest.files.keys() if found.get(name) != manifest.files.get(name)}
        raise StoreError(f"{folder}: damaged: {', '.join(sorted(names))}.", code="index_damaged")


def sha256_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
