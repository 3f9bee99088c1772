"""Fixtures that many tests share: `coach` in a subprocess, and one night over the demo calls, run once."""

import os
import subprocess
from pathlib import Path

import pytest
from commandline import DEMO, ROOT, Coach, Night, Ran, command, new_data

from coach.environment import prepare

prepare()


@pytest.fixture(scope="session")
def coach() -> Coach:
    """Runs `coach ARGS` in a subprocess, as a shell would, and returns what it printed."""

    def run(*args: str | Path, stdin: str | None = None, env: dict[str, str] | None = None, cwd: Path = ROOT) -> Ran:
        done = subprocess.run(
            command(*args),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def night(coach: Coach, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The demo calls, taken in by one real run. Tests must not change it."""
    data = new_data(tmp_path_factory.mktemp("night") / "data")
    return Night(data, coach("run", DEMO / "calls", "--data", data, "--final", "--json"))
