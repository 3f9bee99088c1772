"""Where something is said, as people write it to each other."""


def place(call: str, start: float | None) -> str:
    """`call@mm:ss`, seconds cut and not rounded; the call alone where there are no times."""
    if start is None:
        return call
    minutes, seconds = divmod(int(start), 60)
    return f"{call}@{minutes:02d}:{seconds:02d}"
