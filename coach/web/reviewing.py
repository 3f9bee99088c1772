"""A coach's own score, from the form on a call's page to the store."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.requests import Request

from coach.errors import InputError
from coach.redact import Redactor
from coach.web.forms import read_pairs

if TYPE_CHECKING:
    from coach.store import Review
    from coach.types import Call

MAX_FORM_BYTES = 16 * 1024
"""A note of 2,000 characters takes at most 18 bytes each when percent-encoded; few come near that."""
CHOICES = {"1": "Met", "0.5": "Partly met", "0": "Not met", "na": "Does not apply"}
"""What the form offers. A finer share can be given with `coach review`."""

_FIELDS = {
    "value": "a score",
    "person": "your name (at most 80 characters)",
    "note": "at most 2,000 characters of note",
}


class ReviewForm(BaseModel):
    """What the form on the page sends."""

    model_config = ConfigDict(extra="forbid")

    call: str
    rubric: str
    criterion: str
    value: Literal["1", "0.5", "0", "na"]
    person: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
    form_token: str


async def read_form(request: Request) -> ReviewForm:
    """The form that was sent; HTTPException 413 when it is too large, InputError when it is not a review."""
    fields = dict(await read_pairs(request, MAX_FORM_BYTES))
    try:
        return ReviewForm.model_validate(fields)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
        needed = [words for name, words in _FIELDS.items() if name in wrong] or ["the form of the call's page"]
        raise InputError(f"A review needs {' and '.join(needed)}.", code="bad_review") from None


def review_of(form: ReviewForm, call: "Call") -> "Review":
    """The review to store; InputError when the call's scorecards have no such criterion.

    Card numbers are taken out of the note, as they are out of everything else that is kept.
    """
    from coach.store import Review

    if not any(
        card.rubric == form.rubric and any(score.name == form.criterion for score in card.scores)
        for card in call.scorecards
    ):
        raise InputError(
            "The call was scored again and no longer has this criterion; open its page anew.", code="unknown_criterion"
        )
    return Review(
        call=call.id,
        rubric=form.rubric,
        criterion=form.criterion,
        value=None if form.value == "na" else float(form.value),
        person=form.person,
        note=Redactor().redact([("agent", form.note)])[0].text,
    )
