"""The command line as the tests use it: in a subprocess, on a data folder of their own."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "evals" / "datasets" / "demo_calls"

TEST_CONFIG = """
[inbox]
settle_s = 0.0

[transcribe]
model = "tiny.en"
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Coach = Callable[..., Ran]


def command(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "coach", *map(str, args)]


def new_data(folder: Path, config: str = TEST_CONFIG) -> Path:
    """A data folder with the tests' configuration and nothing else."""
    folder.mkdir(parents=True)
    (folder / "coach.toml").write_text(config, encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class Night:
    """A data folder that a run has filled."""

    data: Path
    ran: Ran


def every_byte(folder: Path, *, but: Sequence[str] = ()) -> dict[Path, bytes]:
    """The bytes of all files below a folder, by path."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in but}
