"""Foreign JSON: read within bounds, checked by pydantic, and its faults told in our words."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ingest.fields import shown_text
from ingest.formats.contacts import BadItem, read_bytes, shown

Model = TypeVar("Model", bound=BaseModel)


def load_json(path: Path) -> Any:
    """The document in a file. Raises BadItem when it is no JSON, InputError when the file cannot be read."""
    return parse_json(read_bytes(path))


def parse_json(raw: bytes | str) -> Any:
    """The document. NaN and Infinity are no JSON. Raises BadItem."""
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
        return json.loads(text, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise BadItem(f"byte {error.start + 1} is no UTF-8; expected text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadItem(f"line {error.lineno} is not valid JSON ({error.msg.lower()})") from None
    except (ValueError, RecursionError):
        raise BadItem("it is not valid JSON") from None


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def validate(model: type[Model], data: object) -> Model:
    """`data` as `model`. Raises BadItem that names the first wrong field, its value and what is expected."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = shown_text(".".join(str(part) for part in first["loc"])) or "it"
        if first["type"] == "missing":
            raise BadItem(f"{place} is missing") from None
        more = len(error.errors()) - 1
        rest = f" ({more} more such)" if more else ""
        expected = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        raise BadItem(f"{place} is {shown(first['input'])}; expected {expected}{rest}") from None
