"""Whether what happens in a contact goes with a measure: "are customers happier when the impact is asked?".

Such a question sets the contacts in which it happens against all others, without saying so.
"""

import re
from collections.abc import Sequence

from coach.routing.mentions import Mention
from coach.routing.words import Draft, whole

_ASKS = re.compile(
    r"(?:^|[,:;?] |whether |if |and |so |know )(?:@\d+ )*(?:is|are|was|were|do|does|did|has|have|will|would|can"
    r"|could)(?= )"
    r"|(?<![^ ])(?:whether|how much (?:more|less|longer|happier|better|higher|lower|worse)"
    r"|(?:what|which|any) (?:effect|difference|influence|impact)|how (?:do|does|did))(?= )"
)
"""Yes or no, or how much."""
_COMPARES = whole(
    r"more|less|fewer|better|worse|higher|lower|longer|shorter|faster|slower|quicker|sooner|happier|unhappier|likelier"
    r"|further|farther|likely|differ(?!ent)\w*|any different"
)
_NUMBER = whole(r"(?:more|less|fewer|longer|higher|lower|better|worse|shorter) than (?:\d|@)\S*")
"""No comparison of contacts with others: "more than 3", "less than the Mill team"."""
_DOES = whole(
    r"(?:lead|leads|led|leading) to|results? in|make|makes|made|reduc\w*|improv\w*|rais(?:e|es|ed)|lift\w*"
    r"|lower(?:s|ed)?"
    r"|increas\w*|decreas\w*|boost\w*|affect(?:s|ed)?|influenc\w*|help(?:s|ed)?|hurt\w*|harm\w*|prevent\w*|shorten\w*"
    r"|lengthen\w*|keep|keeps|kept|stop|stops|pay off|cut|cuts|cost|costs|mean|means|matter|matters|bring"
    r"|brings|chang\w*"
)
"""Stands after what happens and before the measure..."""
_DONE_BY = whole(
    r"(?:affected|influenced|driven|caused|reduced|improved|raised|lowered) by|(?:linked|related|connected|tied) to"
    r"|whether(?= (?:we|the|an?|agents|they|somebody|someone|customers|people|it|he|she|@\d+) )|(?:depend"
    r"|depends|depended|depending) on|(?:go|goes|come|comes) with|correlat\w+ with"
)
"""...or the other way round."""
_WHEN = re.compile(
    r"(?<![^ ])(?:when|whenever|if|where|once|after|in which|that|who|whose|with|without|despite|having|containing"
    r"|including|involving)(?= )(?! (?:do|does|did|is|are|was|were) )((?: [^ @,?:;]+| @\d+)*?) (@\d+)(?![^ ])"
)
_BOTH_WAYS = whole(
    r"(?:with|when|where|if)(?: [^ @,]+){0,3}? (?:and|or|vs|versus) (?:without|when not|where not|if not)"
)


def find_cause(draft: Draft, text: str) -> Mention | None:
    """What is said to happen in one group of contacts and not in the other; None where nothing is. `text` is the
    question without marks."""
    mentions = [(start, end, thing) for start, end, thing in draft.marks(Mention)]
    if (both := _BOTH_WAYS.search(draft.text)) and mentions:
        after = [mention for start, _, mention in mentions if start >= both.end() and mention.filter is not None]
        return after[0] if after else None
    words = " ".join(mention.words for _, _, mention in mentions)
    compares = _COMPARES.search(_NUMBER.sub(" ", f"{draft.text} {words}")) is not None
    if len(mentions) < 2 or not _ASKS.search(text):
        return None
    return (_when(draft, mentions) if compares else None) or _doing(draft, mentions)


def names_both(draft: Draft) -> bool:
    """ "With and without a transfer"."""
    return _BOTH_WAYS.search(draft.text) is not None


def _when(draft: Draft, mentions: Sequence[tuple[int, int, Mention]]) -> Mention | None:
    """The first thing behind "when", "if", "with"... that is no measure itself."""
    for match in _WHEN.finditer(draft.text):
        between = [draft.thing(mark) for mark in match[1].split() if mark.startswith("@")]
        found = draft.thing(match[2])
        if any(isinstance(thing, Mention) for thing in between) or not isinstance(found, Mention):
            continue
        others = [mention for _, _, mention in mentions if mention is not found and mention.subject != found.subject]
        if found.filter is not None and others:
            return found
    return None


def _doing(draft: Draft, mentions: Sequence[tuple[int, int, Mention]]) -> Mention | None:
    """What "reduces" or "leads to" the measure."""
    passive = _DONE_BY.search(draft.text)
    verb = passive or _DOES.search(draft.text, mentions[0][1])
    if verb is None:
        return None
    if passive and not any(start < passive.start() for start, _, _ in mentions):
        return None
    before = [mention for start, _, mention in mentions if start < verb.start()]
    after = [mention for start, _, mention in mentions if start > verb.end()]
    causes, measures = (after, before) if passive else (before, after)
    if passive and all(mention.filter is None for mention in causes):
        causes, measures = measures, causes  # "does empathy go with higher csat"
    cause = next((mention for mention in causes if mention.filter is not None), None)
    return cause if cause is not None and any(mention.subject != cause.subject for mention in measures) else None
