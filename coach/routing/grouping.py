"""By what a question wants its figures: "which agent", "per team", "over time", "busiest hour"."""

import re
from dataclasses import dataclass

from coach.routing.values import Names
from coach.routing.words import Draft, whole

_TIMES = {
    "hour": "hours?(?: of (?:the )?day)?|times? of (?:the )?day|hourly|times of day",
    "weekday": "days? of the week|weekdays?|week days?",
    "day": "days?|daily|dates?|calendar day",
    "week": "weeks?|weekly|calendar weeks?",
    "month": "months?|monthly|calendar months?",
}
_MOST = (
    "best|worst|highest|lowest|busiest|quietest|top|strongest|weakest|slowest|fastest"
    "|quickest|happiest|unhappiest|longest"
    "|shortest|biggest|smallest|leading|bottom|best performing|worst performing|poorest|calmest"
)
_ALL = "(?:the |our |my |all |different |various |individual |single |each |every |of |different )*"
_TREND = whole(
    r"over (?:the )?(?:time|months|course of \w+)|trends?|trending|(?:month|week|day"
    r"|quarter) (?:on|by|over|after|to) (?P<unit>month|week|day|quarter)"
    r"|(?:get|getting|got|become|becoming) (?:\w+ )?(?:better|worse|longer|shorter|more \w+"
    r"|less \w+|higher|lower|faster|slower|happier|quicker|fewer|more|less)"
    r"|(?:is|are|has|have|do|does|did|were|was) (?P<between>.{0,60}?)(?:improv\w+|ris(?:e|en|ing)|f[ae]ll(?:ing"
    r"|en)?|increas\w+"
    r"|decreas\w+|declin\w+|growing|shrinking|dropping"
    r"|going (?:up|down)|gone (?:up|down)|go(?:ne)? (?:up|down)|went (?:up|down)|worsen\w*"
    r"|chang(?:ed|ing)|develop(?:ed|ing)|evolv\w+|progress\w*|drop\w*|grow\w*)"
    r"|development(?= (?:of|in))|evolution|progress(?:ion)? of|how (?P<middle>.{0,60}?)(?:develop\w*"
    r"|evolv\w*|chang(?:ed|ing|es?)|progress\w*|trend\w*)"
    r"|(?:getting|becoming)(?= @\d+)|improving|rising|falling|increasing|decreasing|declining|going (?:up|down)"
)
CHANGE = whole(
    r"chang\w*|improv\w*|better|worse|up|down|more|less|fewer|higher|lower|rise[ns]?|rose"
    r"|rising|f[ae]ll\w*|increas\w*|decreas\w*"
    r"|drop\w*|grow\w*|grew|grown|declin\w*|develop\w*|worsen\w*|longer|shorter|faster|slower|happier"
    r"|differ(?!ent(?: |$))\w*"
)


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A development over time is asked for; `unit` is the one that was said."""

    unit: str | None
    words: str


_NAMES_THEM = whole(
    r"(?:in touch|contact\w*|call|calls|called|ring|phone|write) (?:us )?(?:the )?(?:most|least)(?: often)?"
    r"|(?:bring|brings|brought) (?:it|them|this|that|these|those) up"
)
_BY = whole(
    r"(?:split |broken down |grouped |breakdown )?(?:by|per|for each|for every|each|every|across|depending on"
    r"|according to) .*|.* breakdown"
)


_WHICH_OF = re.compile(
    r"(?<![^ ])(?:which|who) of(?= (?:the |our |my |his |her )?(?:[^ ]+ ){0,2}(?:people|guys|folk|folks|lot"
    r"|members|bunch)"
    r"(?![^ ]))"
)


_INSTEAD = whole(
    r"(?:instead of|rather than|not) (?:by|per|each|for each) (?:hour|day|week|weekday|month|agent|team|queue|product"
    r"|segment|region|medium|channel)"
)
"""What the figures are not to be grouped by any more."""
_WHICH_MEMBER = re.compile(
    r"(?<![^ ])which (?:of )?(?:the |our |my )?(?:members? of(?= (?:the |our )?[^ ]+ )"
    r"|(?=(?P<name>(?:[^ @]+ ){1,2}?)(?:agents?|advis[eo]rs?|reps?|colleagues?|people|staff"
    r"|members?|team members?)(?![^ ])))"
)
"""A team or the like stands between: "which of the Mill agents"."""


def _take_named_agents(draft: Draft, names: Names) -> None:
    match = _WHICH_MEMBER.search(draft.text)
    if match is None or (match["name"] and match["name"].strip() not in names.offers):
        return
    mark = _mark(draft, " ".join(match.group().split()))
    draft.text = f"{draft.text[: match.start()]}{mark} {draft.text[match.end() :].lstrip()}"


def _mark(draft: Draft, words: str) -> str:
    draft.found.append(Group("agent", words))
    return f"@{len(draft.found) - 1}"


def take_groups(draft: Draft, names: Names) -> None:
    """Replaces "by team", "which agent", "who" by marks of `Group`."""
    named = dict(names.fields)
    fields = "|".join(sorted((re.escape(form) for form in named), key=len, reverse=True))
    times = "|".join(f"(?P<{unit}>{words})" for unit, words in _TIMES.items())
    some = rf"(?:(?P<field>{fields})|{times})"
    by = (
        r"(?:by|per|for each|for every|in each|in every|each|every|across|a|split (?:up )?by"
        r"|broken down by|breakdown by|grouped by|depending on|according to)"
    )
    patterns = (
        r"(?P<hour>hour) by hour|(?P<day>day) by day|(?P<week>week) by week|(?P<month>month) by month",
        rf"(?:split|broken down|grouped|sorted|listed|separated|separately|individually|shown"
        rf"|breakdown|break (?:that|it|this|them) down)? ?{by} {_ALL}{some}",
        rf"(?:on |at |in )?(?:which|what)(?! (?:the|an?) (?:agent|customer|team)(?![^ ])) (?:of )?{_ALL}{some}",
        rf"(?:(?:rank|ranking|compare|comparing|league table|list|leaderboard|differences?|differ"
        rf"|gap)(?: (?:of|between|among|across|by|for))? {_ALL}{some})",
        rf"(?:between|among) {_ALL}{some}(?<=s)",
        rf"(?:the )?(?:{_MOST})(?: (?:\d+|two|three|five|ten))?(?: performing| scoring| rated)? {some}",
        rf"{some} (?:ranking|comparison|league table|breakdown|by (?P<same>{fields}|days?|weeks?|months?))",
        rf"{some}(?= (?:with|who|that) (?:\w+ )?(?:the )?(?:most|least|highest|lowest|best|worst"
        rf"|fewest|longest|shortest))",
        r"(?P<daily>hourly|daily|weekly|monthly|quarterly)",
    )
    draft.text = _INSTEAD.sub("", draft.text)
    _take_named_agents(draft, names)
    draft.text = _WHICH_OF.sub(lambda found: _mark(draft, found.group()), draft.text)
    orders = whole(r"rank\w*|sort\w*|order\w*|list\w*|leaderboard").search(draft.text)  # "by csat" is then the measure
    for pattern in patterns:
        for match in reversed(list(whole(pattern).finditer(draft.text))):
            key = _key(match, named)
            if (
                key is not None
                and not _is_people(match, key)
                and not (key == "csat" and (orders or not _BY.match(match.group())))
            ):
                draft.take(match.start(), match.end(), Group(key, match.group()))
    who = whole(
        r"(?:^|(?<=[,:;?] )|(?<=and )|(?<=so )|(?<=know )|(?<=see )|(?<=tell me ))(?:who"
        r"|whose)(?! (?:@\d+ )?(?:said|is this))"
    )
    for match in reversed(list(who.finditer(draft.text))):
        draft.take(match.start(), match.end(), Group("agent", match.group()))


def take_trend(draft: Draft) -> None:
    """Replaces "over time", "is it getting better" by the mark of a `Trend`."""
    unit, words = None, []
    while match := _TREND.search(draft.text):
        unit = unit or match["unit"]
        words.append(" ".join(match.group().split()))
        kept = match["between"] or match["middle"] or ""
        draft.text = " ".join(f"{draft.text[: match.start()]} {kept} {draft.text[match.end() :]}".split())
    if words:
        draft.text += f" @{len(draft.found)}"
        draft.found.append(Trend("month" if unit == "quarter" else unit, ", ".join(words)))


def _key(match: re.Match[str], named: dict[str, str]) -> str | None:
    said = match.groupdict()
    if said.get("field"):
        return named[said["field"]]
    if said.get("daily"):
        return {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "month"}[
            said["daily"]
        ]
    return next((unit for unit in _TIMES if said.get(unit)), None)


def _is_people(match: re.Match[str], key: str) -> bool:
    """ "By customers", "a customer" and "which customers" speak of all of them, not of each."""
    words = match.group()
    if key == "customer":
        return not re.match(
            r"(?:by|per|for each|for every|each|every|which) (?:the )?(?:single )?(?:customer|client|caller|account)"
            r"(?![^ ])",
            words,
        ) and not (words.startswith("which ") and _NAMES_THEM.search(match.string))
    if re.match(r"a ", words):
        return key in ("agent", "team", "product", "queue", "segment") or (words.split()[-1] == "day" and False)
    return bool(re.match(r"(?:what|each|every|across) (?:service|rating|desk|media)s?$", words))
