"""Names of cues that are only part of what is spoken about: "the refund for the router rental", "the price letter"."""

import re

from coach.routing.lexicon import Lexicon
from coach.routing.mentions import Mention
from coach.routing.values import Condition
from coach.routing.words import Draft, whole

_ABOUT = r"(?:about|regarding|concerning|mention\w*|discuss\w*|bring up|brought up)"
_LED = re.compile(rf"(?<![^ ]){_ABOUT}(?: (?:the|a|an|any|some|our|their|his|her|this|that))*((?: [^ @]+){{0,2}}) $")
_INTO = re.compile(r"(?: (?:for|of|on|with|in|from|at|to|by))?(?: (?:the|a|an|our|their|his|her))*((?: [^ @]+)?)")
_FIGURE = whole(r"how (?:many|often|much)|share|percentage|rate|trend|number")
_WHETHER = re.compile(r"(?:^|[,:;] )(?:@\d+ )*(?:[,:;] )?(?:did|does|do|is|are|was|were|has|have)(?= )")
_OBJECT = re.compile(r" (?:a|an|the|their|our|his|her|my) (?!most|least|last|other)(\w+)")
_WHERE_DID = re.compile(r"(?:where|when) (?:do|does|did|has|have)(?= )|(?:find|show)(?= )")
_EXPLAINED = ("cue", "teaching")


def release_topics(draft: Draft, lexicon: Lexicon) -> None:
    """Puts the words of such names back in the place of their marks, so that they are looked for."""
    only_call = any(thing.filter.key == "call" for _, _, thing in draft.marks(Condition))
    for start, end, mention in reversed(draft.marks(Mention)):
        if mention.subject[0] != "cue" or mention.is_adjective:
            continue
        before, after = draft.text[:start], draft.text[end:]
        led = _LED.search(before)
        is_about = led is not None or re.search(_ABOUT, mention.words) is not None
        following = _INTO.match(after)
        has_more = following is not None and (_tells(following[1], lexicon) or _names_object(after, lexicon))
        one_call = only_call and not _FIGURE.search(draft.text) and not _WHETHER.search(draft.text)
        explained = mention.subject == _EXPLAINED and _WHERE_DID.match(draft.text) and _more(after, lexicon)
        if (is_about and (has_more or (led is not None and _tells(led[1], lexicon)))) or one_call or explained:
            draft.text = f"{before}{mention.words}{after}"


def _tells(words: str, lexicon: Lexicon) -> bool:
    return any(word not in lexicon.stop and word not in lexicon.things for word in words.split())


def _names_object(after: str, lexicon: Lexicon) -> bool:
    """ "Transferring a number": with an article, also a word that says nothing by itself."""
    named = _OBJECT.match(after)
    return named is not None and named[1] not in lexicon.things


def _more(after: str, lexicon: Lexicon) -> bool:
    return re.match(r" (?:\w+ )?(?:what|why|how|that|the|our|a|an) ", after) is not None and _tells(
        re.sub(r"@\d+", " ", after), lexicon
    )
