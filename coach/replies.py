"""Reading what an LLM wrote: the JSON object in it, checked against the schema that was asked for.

Models wrap JSON in code fences, put sentences around it, or think aloud first; all that is passed over. What is inside
must fit the schema exactly.
"""

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)

_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)
_MAX_PROBLEMS = 5


class BadReply(Exception):
    """The reply cannot be used; `str(error)` says why in words that the model may be given. It quotes nothing."""


def read_reply(text: str, schema: type[T]) -> T:
    """The value in `text`. Raises BadReply when there is no JSON object, or the first one does not fit."""
    try:
        return schema.model_validate(_first_object(_THOUGHTS.sub("", text)))
    except ValidationError as error:
        problems = [_explain(dict(one)) for one in error.errors()[:_MAX_PROBLEMS]]
        raise BadReply("; ".join(problems) + ".") from None


def _first_object(text: str) -> dict[str, Any]:
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            return dict(decoder.raw_decode(text, at)[0])
        except json.JSONDecodeError:
            at = text.find("{", at + 1)
        except RecursionError:
            raise BadReply("it is nested too deeply.") from None
    raise BadReply("it contains no complete JSON object.")


def _explain(problem: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else str(problem["msg"])
