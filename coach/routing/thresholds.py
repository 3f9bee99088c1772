"""Conditions on numbers: "csat below 3", "longer than 10 minutes", "unhappy customers"."""

import re
from collections.abc import Callable, Mapping

from coach.routing.dates import NUMBERS
from coach.routing.values import Condition
from coach.routing.words import Draft, whole
from coach.store.filters import Filter, Op

_LESS = (
    "below|under|less than|lower than|worse than|<|shorter than|fewer than|not more than|within|smaller than|beneath"
)
_AT_MOST = "at most|no more than|up to|maximum(?: of)?|max|<=|not over|no longer than|not longer than|at the most"
_MORE = "above|over|more than|greater than|higher than|better than|>|longer than|exceeding|beyond|exceeds|in excess of"
_AT_LEAST = "at least|no less than|minimum(?: of)?|min|>=|not under|from|no shorter than"
_OPS = rf"(?P<less>{_LESS})|(?P<most>{_AT_MOST})|(?P<more>{_MORE})|(?P<least>{_AT_LEAST})"
_N = rf"\d+(?:\.\d+)?|{'|'.join(NUMBERS[1:])}|fifteen|twenty|thirty|forty five|forty|sixty|half an"
_LARGE = {"fifteen": 15, "twenty": 20, "thirty": 30, "forty five": 45, "forty": 40, "sixty": 60, "half an": 0.5}
_UNIT = r"(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)"
_CSAT = (
    r"(?:(?:with |of |having |has |had |who gave |giving |gave |and )?(?:a |an "
    r"|the )?(?:c ?sat(?: scores?| ratings?)?|(?:customer )?satisfaction(?: scores?"
    r"| ratings?)?|ratings?|rated|scor(?:e|es|ed)|stars)(?: (?:of|is|was|are|were|us|it))?)"
)
_PEOPLE = r"(?:customers?|callers?|people|clients?|ones?|users?|subscribers?|folk|calls?|contacts?|@\d+)"
_GLAD = "happy|satisfied|pleased|delighted|content"
_SAD = "unhappy|dissatisfied|unsatisfied|disappointed|discontented|displeased|annoyed"

Read = Callable[[Mapping[str, str]], list[Filter]]


def take_thresholds(draft: Draft) -> None:
    """Replaces conditions on satisfaction, duration and handle time by marks of `Condition`."""
    for pattern, read in _PATTERNS:
        for match in reversed(list(pattern.finditer(draft.text))):
            said = {name: text for name, text in match.groupdict().items() if text}
            words = match.group()
            inner = "".join(f" {mark}" for mark in re.findall(r"@\d+", words))
            inner = f" {said['keep']}" if "keep" in said else inner
            marks = []
            for found in read(said):
                marks.append(f"@{len(draft.found)}")
                draft.found.append(Condition(found, re.sub(r"@\d+ ?", "", words)))
            if marks:
                tail = " customers" if "people" in said and not inner else ""
                draft.text = f"{draft.text[: match.start()]}{' '.join(marks)}{inner}{tail}{draft.text[match.end() :]}"


def take_moods(draft: Draft) -> None:
    """ "Unhappy students", once their names are marks."""
    for words, found in ((_SAD, Filter("csat", "<=", ("2",))), (_GLAD, Filter("csat", ">=", ("4",)))):
        for match in reversed(list(whole(rf"(?<!not )(?<!how )(?:{words})(?= @\d+)").finditer(draft.text))):
            about = draft.thing(draft.text[match.end() :].split()[0])
            if isinstance(about, Condition) and about.filter.key not in ("agent", "team"):
                draft.take(match.start(), match.end(), Condition(found, match.group()))


def _happy(_said: Mapping[str, str]) -> list[Filter]:
    return [Filter("csat", ">=", ("4",))]


def _unhappy(_said: Mapping[str, str]) -> list[Filter]:
    return [Filter("csat", "<=", ("2",))]


def _number(word: str) -> float:
    if word in _LARGE:
        return _LARGE[word]
    return float(word) if word[0].isdigit() else float(NUMBERS.index(word))


def _written(number: float) -> str:
    return f"{number:g}"


def _csat(said: Mapping[str, str]) -> list[Filter]:
    """Scores are whole numbers, so that "below 3" is at most 2."""
    number = _number(said["n"])
    if number > 10:
        return []
    if "to" in said:
        return [Filter("csat", ">=", (_written(number),)), Filter("csat", "<=", (_written(_number(said["to"])),))]
    if "also" in said:
        return [Filter("csat", "=", (_written(number), _written(_number(said["also"]))))]
    if "less" in said or "down" in said:
        return [Filter("csat", "<=", (_written(number - ("less" in said)),))]
    if "more" in said or "up" in said:
        return [Filter("csat", ">=", (_written(number + ("more" in said)),))]
    op: Op = "<=" if "most" in said else ">=" if "least" in said else "="
    return [Filter("csat", op, (_written(number),))]


def _time(said: Mapping[str, str]) -> list[Filter]:
    """ "Longer than 10 minutes" takes those of exactly 10 with it: there is no filter that leaves them out."""
    seconds = _number(said["n"]) * {"s": 1, "m": 60, "h": 3600}[said["unit"][0]]
    key = "handle_time_s" if "handling" in said else "duration_s"
    if "to" in said:
        last = _number(said["to"]) * {"s": 1, "m": 60, "h": 3600}[said["unit"][0]]
        return [Filter(key, ">=", (_written(seconds),)), Filter(key, "<=", (_written(last),))]
    op: Op = "<=" if "less" in said or "most" in said or "down" in said else ">="
    return [Filter(key, op, (_written(seconds),))]


_SHORT = "shorter|quicker|less|briefer|faster|fewer"
_PATTERNS: tuple[tuple[re.Pattern[str], Read], ...] = tuple(
    (whole(pattern), read)
    for pattern, read in (
        (rf"{_CSAT} (?:between |from )?(?P<n>{_N}) (?:to|and) (?P<to>{_N})(?= |$)", _csat),
        (rf"{_CSAT} (?P<n>{_N}) or (?P<also>{_N})", _csat),
        (r"(?:gave|giving|give|rated) (?:us |it |a |an |only |just )*(?P<n>[1-5]) or (?:a )?(?P<also>[1-5])", _csat),
        (rf"{_CSAT} (?:=|:)? ?(?P<n>{_N})(?: stars?)? (?:(?:or|and) )?(?:(?P<up>more|higher|above"
            rf"|better|up|over)|(?P<down>less|lower|below|worse|under|fewer))", _csat),
        (rf"{_CSAT} (?:of |is |was )?(?:{_OPS}) (?P<n>{_N})(?: stars?)?(?! minutes)", _csat),
        (rf"{_CSAT} (?:=|:)? ?(?P<n>[1-5]|one|two|three|four|five)(?: stars?| out of (?:5"
            rf"|five))?(?! (?:minutes|%))", _csat),
        (rf"(?:gave|giving|give|gives|rated|with) (?:us |it |a |an |only "
            rf"|just )*(?:{_OPS})? ?(?P<n>[1-5]|one|two|three|four|five)(?: stars?| out of (?:5|five)"
            rf"| points?)", _csat),
        (r"(?P<n>[1-5]|one|two|three|four|five) stars?(?: (?:ratings?|contacts?|calls?|customers?|scores?))?", _csat),
        (rf"(?:with |of |and |having |has )?(?:a |an )?(?P<handling>(?:handle|handling|talk) times?"
            rf"|aht)(?: (?:of|is|was|were|above))? (?:(?:{_OPS}) )?(?P<n>{_N}) ?{_UNIT}(?: or (?:longer"
            rf"|more|(?P<down>{_SHORT})))?", _time),
        (rf"(?P<handling>(?:handled|handle|dealt with|spent)) (?:in )?(?:{_OPS}) (?P<n>{_N}) ?{_UNIT}", _time),
        (rf"(?:(?:that |which |and )?(?:are |were |was |is )?(?:last(?:ing|ed|s)?|took|take|taking"
            rf"|going on|went on|running|ran|long|of|for|with|duration|length)? ?(?:a )?(?:duration"
            rf"|length)? ?(?:of |for |is )?)?between (?P<n>{_N}) and (?P<to>{_N}) ?{_UNIT}", _time),
        (rf"(?<!wait )(?<!waited )(?<!waiting )(?<!hold )(?<!hold for )(?<!wait "
            rf"for )(?<!waited for )(?:(?:that |which |and )?(?:are |were |was |is )?(?:last(?:ing|ed"
            rf"|s)?|took|take|taking|going on|went on|running|ran|exceed\w*|long|of|for|with|duration"
            rf"|length)? ?(?:a )?(?:duration|length)? ?(?:of |for "
            rf"|is )?)?(?<!wait )(?<!waited )(?<!waiting )(?<!hold )(?:{_OPS}) "
            rf"(?P<n>{_N}) ?{_UNIT}(?: long| in length)?", _time),
        (rf"(?:last(?:ing|ed|s)?|took|taking) (?P<n>{_N}) ?{_UNIT} or (?:longer|more|(?P<down>{_SHORT}))", _time),
        (rf"(?P<n>{_N}) ?(?:plus |\+ )?{_UNIT} or (?:longer|more|(?P<down>{_SHORT}))", _time),
        (r"(?:with |of |and )?(?:a |an )?(?:low|poor|bad|terrible|negative) (?:c ?sat"
            r"|(?:customer )?satisfaction|ratings?|scores?)(?: (?:score|rating)s?)?(?= (?:calls?"
            r"|contacts?|customers?|ones?|@|in|by|per|for|and|or|\?|last|since)|$)", _unhappy),
        (r"(?:with |of |and )?(?:a |an )?(?:high|good|great|excellent|positive) (?:c ?sat"
            r"|(?:customer )?satisfaction|ratings?|scores?)(?: (?:score|rating)s?)?(?= (?:calls?"
            r"|contacts?|customers?|ones?|@|in|by|per|for|and|or|\?|last|since)|$)", _happy),
        (rf"(?:{_SAD})(?: (?:@\d+ )*(?P<people>{_PEOPLE}))(?: (?=@))?", _unhappy),
        (rf"(?<!not )(?<!how )(?:{_GLAD})(?: (?:@\d+ )*(?P<people>{_PEOPLE}))", _happy),
        (rf"(?:(?:that|who) )(?:is|are|were|was|felt|feel|seem(?:ed)?|left) (?:\w+ly )?(?:{_SAD}"
            rf"|not (?:{_GLAD}))(?! (?:about|with|because|over))", _unhappy),
        (rf"(?:(?:that|who) )(?:is|are|were|was|felt|feel|seem(?:ed)?"
            rf"|left) (?:\w+ly )?(?:{_GLAD})(?! (?:about|with|because|over))", _happy),
        (rf"(?<=and )(?:{_SAD})(?= (?:ones|customers|people)| ,| \?|$)"
            rf"|(?<=than )(?:the )?(?:{_SAD})(?= ones| \?|$)|(?<=or )(?:{_SAD})(?= ones| \?|$)"
            rf"|(?<=vs )(?:{_SAD})(?= ones| \?|$)", _unhappy),
        (rf"(?<=than )(?:the )?(?:{_GLAD})(?= ones| \?|$)|(?<=or )(?:{_GLAD})(?= ones| \?|$)"
            rf"|(?<=vs )(?:{_GLAD})(?= ones| \?|$)|(?<=and )(?:{_GLAD})(?= ones| \?|$)"
            rf"|(?:{_GLAD})(?= (?:vs|and|or|versus) @)", _happy),
        (rf"(?P<keep>how many(?: of (?:them|those|these))?(?: customers| people)?) (?:are|were|is"
            rf"|was|felt) (?:\w+ly )?(?:{_SAD})(?! about| with)", _unhappy),
        (rf"(?P<keep>why (?:is|are|were|was) [^?]{{1,60}}?) (?:so )?(?:{_SAD})(?! about| with)", _unhappy),
    )
)  # fmt: skip
