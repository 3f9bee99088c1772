"""What can go wrong, as one tree. Every error has a stable code, shown to people and stored.

CoachError
├── InputError    one file or line is bad: it is set aside, the rest goes on
├── ModelError    weights are missing or damaged, or a model failed
├── StoreError    the store or index cannot be used: the run stops
│   └── LockedError    another run holds the writer lock (exit code 75)
└── ConfigError   wrong usage or configuration (exit code 2)
"""


class CoachError(Exception):
    """Root of all errors callcoach raises on purpose. `str(error)` is one sentence a person can act on."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        """Keeps the code across processes."""
        return _rebuild, (type(self), str(self), self.code)


def _rebuild(kind: type[CoachError], message: str, code: str) -> CoachError:
    return kind(message, code=code)


class InputError(CoachError):
    """Foreign data that cannot be used. Codes include undecodable, no_audio, too_long, bad_metadata, duplicate_id."""

    code = "bad_input"


class ModelError(CoachError):
    code = "model"


class StoreError(CoachError):
    code = "store"


class LockedError(StoreError):
    code = "locked"


class ConfigError(CoachError):
    code = "config"
