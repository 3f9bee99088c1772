"""Set phrases put in words that the rest of the routing knows: "just the figures", "than those where nobody does"."""

from coach.routing.words import whole

_ONES = (
    r"(?:(?:the |all )?(?:those|ones|other ones|contacts|calls|conversations|cases|customers|people|agents"
    r"|colleagues) )?"
)
_NOBODY = (
    r"(?:nobody|no one|none|(?:(?:the )?(?:agents?|customers?)|they|he|she|it|that|this|one) (?:\w+ )?not|not|never)"
)
_AGAINST = r"(?<=than )|(?<=versus )|(?<=vs )|(?<=against )|(?<=compared to )|(?<=compared with )|(?<=to )"
_NOT_SO = whole(
    rf"(?:{_AGAINST})(?:in |with |for |by )?{_ONES}(?:where|in which|when|who|that|which)"
    rf" (?:(?:are|is|was|were|did|do|does|has|have|had) )?{_NOBODY}"
    r"(?: (?:are|is|was|were|did|do|does|has|have|had|be|been))?(?: (?:it|so|that|this|them|any|one))?"
    r"(?: \w+ (?:about |for |after )?(?:it|so|that|this|them))?(?= [?,]|$)"
)
_NOT_IN = whole(
    rf"(?:{_AGAINST})(?:in |with |for |by )?{_ONES}(?:(?:who|that|which) (?:are|is|was|were) )?"
    r"(?:not (?:in|on|with|of|from)|outside)(?: of)? (?:the |that |this |it|any)*"
    r"(?:campaign|offer|programme|program|group|team|segment|queue|region)?(?= [?,]|$)"
)
_TRAFFIC = whole(r"how much (?:traffic|demand|contact|workload)")
_ONLY_FIGURES = whole(
    r"(?:,? ?(?:just|only|purely|simply) (?:the |some |in )?(?:figures?|numbers?|statistics|stats|counts?))"
    r"|(?:the )?(?:figures?|numbers?|statistics|stats|counts?) (?:only|alone|will do|please|suffice"
    r"|are enough|is enough)"
    r"|(?:without|no|no need for|not any|do not need)(?: any)? (?:quotes?|examples?|quotations?|words|clips)"
    r"|in (?:figures|numbers)"
)


def usual(text: str) -> str:
    """The question's plain words, such phrases in them replaced by usual ones."""
    text = _TRAFFIC.sub("how many contacts", text)
    return _NOT_IN.sub("the others", _NOT_SO.sub("the others", text))


def wants_only_figures(text: str) -> bool:
    """Whether the question says that it wants no words: "just the figures", "no quotes"."""
    return _ONLY_FIGURES.search(text) is not None
