"""The terminal that commands print to."""

from rich.console import Console
from typing_extensions import override


class Terminal(Console):
    """rich's console, but for a reader that leaves early (`| head`): rich would end the process with exit code 1."""

    @override
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
