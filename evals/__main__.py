"""`python -m evals NAME [options]`: runs `main(argv)` of the module of that name in this folder."""

import importlib
import sys
from pathlib import Path

from coach.environment import prepare


def names() -> list[str]:
    """The evaluations there are: modules beside this one that define `main(argv)`."""
    files = sorted(Path(__file__).parent.glob("[a-z]*.py"))
    return [file.stem for file in files if "\ndef main(argv" in file.read_text(encoding="utf-8")]


def run(argv: list[str]) -> int:
    """The evaluation's exit code; 2 when it is not known which one is meant."""
    name = argv[0].replace("-", "_") if argv else ""
    if name not in names():
        print(f"usage: python -m evals NAME [options], with NAME one of: {', '.join(names())}", file=sys.stderr)
        return 2
    return int(importlib.import_module(f"evals.{name}").main(argv[1:]))


if __name__ == "__main__":
    prepare()
    sys.exit(run(sys.argv[1:]))
