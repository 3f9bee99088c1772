"""Where in a rubric's file something stands: TOML readers give values without lines."""

import re

Place = tuple[str | int, ...]
"""As pydantic gives it: ("sections", 0, "criteria", 2, "weight"), with names of kinds and of inner keys in between."""

_TABLE = re.compile(r"\s*\[\[\s*(?P<name>[\w.\s]+?)\s*\]\]")


def line_of(text: str, place: Place) -> int:
    """The line, from 1, of the innermost key of `place` that is written; else of the table it belongs to."""
    numbers = [part for part in place if isinstance(part, int)]
    keys = [part for part in place if isinstance(part, str)]
    first, lines = _table(text, numbers)
    for key in reversed(keys):
        written = re.compile(rf"\s*(?:\[?[\w.]*\.)?{re.escape(key)}\s*[=.\]]|.*[{{,]\s*{re.escape(key)}\s*=")
        for offset, line in enumerate(lines):
            if written.match(line) and not _TABLE.match(line):
                return first + offset
    return first


def _table(text: str, numbers: list[int]) -> tuple[int, list[str]]:
    """The first line's number, and the lines, of the section or criterion that `numbers` count to."""
    section = criterion = -1
    first, inside = 1, not numbers
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            if inside:
                break
            is_section = header["name"] == "sections"
            section, criterion = (section + 1, -1) if is_section else (section, criterion + 1)
            inside = numbers[0] == section and (is_section if len(numbers) == 1 else numbers[1:2] == [criterion])
            first = number if inside else first
        if inside:
            lines.append(line)
    return first, lines
