"""Phrases that say what kind of number comes next: a payment card's, a security code, or another one.

Kinds of cue:
- card: a card number is asked for or announced; from here on even a few of its digits are removed.
- pay: a payment card is spoken of; a nearly complete number is removed however it is cut up.
- code: a security code (CVV, CVC, CID) or a PIN is asked for or announced.
- phone, reference: another number is announced; it stays.
- last: the last four digits are announced; they may stay. PCI DSS v4.0, requirement 3.4.1, lets the first six
  and the last four digits be shown.
- expiry: the card's dates are announced.
"""

import re
from dataclasses import dataclass
from typing import Literal

CueKind = Literal["card", "pay", "code", "phone", "reference", "last", "expiry"]


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase found at characters `start`..`end`. Numbers inside it ("sixteen digits") announce, they are not data."""

    kind: CueKind
    start: int
    end: int


# In the phrases below a space stands for one or two spaces, hyphens or commas. Every repetition is bounded, so that
# the search is linear in the text.
_FEW_WORDS = r"(?:[a-z']{1,8} ){0,3}?"
_PAY_CARD = r"(?:(?:credit|debit|bank|payment|visa|master|amex|maestro|corporate|company)\s?(?:debit |credit )?cards?)"
_BRAND = r"(?:visa|master ?card|amex|american express|maestro|diners)"
_ON_THE_CARD = (
    rf"(?:on|of|from|for|off|across|in) (?:the|your|my|that|this) "
    rf"(?:{_PAY_CARD}|{_BRAND}|card|front|face|middle|(?:front|face|top) of)\b"
)
_OTHER_CARD = (
    r"(?:sim|loyalty|nectar|club|member(?:ship)?|library|id|identity|insurance|health|medicare|rewards?|points|"
    r"score|business|travel|rail|student|staff|report|birthday|appointment|punch|medical|warranty|store) ?cards?"
)
_REFERENCE_NOUN = (
    r"(?:reference|booking|order|case|ticket|tracking|invoice|policy|meter|serial|customer|client|account|claim|"
    r"confirmation|transaction|authori[sz]ation|registration|flight|model|part|product|item|parcel|consignment|"
    r"patient|employee|staff|passport|licen[cs]e|n\.?h\.?s\.?|national insurance|social security|vat|tax|batch|"
    r"contract|agreement|quote|receipt|delivery|shipment|shipping|repair|fault|complaint|incident|job|asset|device|"
    r"equipment|voucher|error|version|vehicle|chassis|roll|member(?:ship)?|subscriber|supply|installation|imei|sim|mail)"
)
_NUMBER = r"(?:numbers?|no|id|i\.d|code|ref|reference)\b"
_BACK = r"(?:on|from|at|off) (?:the|your) (?:back|reverse|rear|signature|strip)\b"

_WORD = r"\b"
_PHRASES: dict[CueKind, tuple[str, ...]] = {
    "code": (
        r"\b(?<!social\s)security (?:code|number|digits|value|pin)\b",
        r"\bc\W{0,2}[vb]\W{0,2}[vcn2b]\b",
        r"\bc\W{0,2}c\W{0,2}v\b",
        r"\bc\W{0,2}s\W{0,2}c\b",
        r"\bsee\W{0,2}v\W{0,2}v\b",
        r"\bcv ?two\b",
        r"\bcid\b",
        r"\bcard verification\b",
        r"\bverification value\b",
        rf"\b(?:last )?(?:three|four|3|4) (?:digits?|numbers?|figures?) {_FEW_WORDS}{_BACK}",
        r"\b(?:three|3) digit (?:security|number|code)\b",
        rf"\b(?:number|numbers|digits|code|three) {_FEW_WORDS}{_BACK}",
        r"\bsignature strip\b",
        r"\bon the (?:back|reverse)\b",
        r"\bpin(?: (?:number|code))?\b",
    ),
    "last": (
        r"\b(?:ending|ends|finishing|finishes)(?: (?:in|with|on))?\b",
        r"\blast (?:four|4)(?: (?:digits?|numbers?))?\b",
    ),
    "card": (
        rf"\b(?:account )?numbers? {_FEW_WORDS}{_ON_THE_CARD}",
        rf"\bdigits {_FEW_WORDS}{_ON_THE_CARD}",
        rf"\b(?:{_PAY_CARD}|{_BRAND}|card)(?:'s)? (?:numbers?|details|digits|no\b)",
        r"\blong(?:er)? (?:card )?numbers?\b",
        rf"\b(?:sixteen|16|fifteen|15|nineteen|19) (?:digits?|numbers?|figures?)\b(?! {_REFERENCE_NOUN})",
        r"\b(?:first|next|other|remaining) (?:four|six|eight|twelve|4|6|8|12) (?:digits?|numbers?)\b",
        r"\bprimary account number\b",
        rf"\b(?:{_PAY_CARD}|{_BRAND}|my card) (?:is|it's|starts|begins)\b",
        r"\bcard (?:starting|beginning|starts|begins)\b",
    ),
    "expiry": (
        r"\bexpir[a-z]{1,6}\b",
        r"\bexp\b",
        r"\bvalid (?:from|until|till|thru|through|to)\b",
        r"\bgood thr(?:u|ough)\b",
        r"\b(?:end|start) date\b",
        r"\bruns out\b",
        r"\bissue number\b",
    ),
    "phone": (
        r"\b(?:tele)?phone\b",
        r"\bmobile\b",
        r"\bcell(?:phone)?\b",
        r"\blandline\b",
        r"\b(?:contact|home|best|work|daytime|evening|callback|call back) (?:contact )?number\b",
        r"\b(?:call|ring|reach|text) (?:me|you|us|him|her|them|back) (?:back )?(?:on|at)\b",
        r"\bnumber (?:to|for) (?:call|reach|ring|text)\b",
        r"\b(?:dial(?:l?ing|led)?|call(?:ed|ing)?|ring|rang|phoned) (?=\d)",
        r"\b(?:calling|ringing) (?:you )?(?:from|on)\b",
        r"\bfax\b",
        r"\bwhatsapp\b",
        r"\b(?:help|hot)line\b",
        r"\bextension\b",
        r"\bdate of birth\b",
        r"\bd\.?o\.?b\b",
        r"\bborn\b",
        r"\bbirth ?(?:day|date)\b",
        r"\bpost ?code\b",
        r"\bzip\b",
        r"\b(?:house|flat|door) number\b",
        r"\bsort code\b",
        r"\baddress\b",
    ),
    "reference": (
        rf"\b{_REFERENCE_NOUN} {_NUMBER}",
        rf"\b{_OTHER_CARD}(?: {_NUMBER})?",
        r"\b(?:reference|ref|barcode|bar code|meter|tracking|version)\b",
        r"\b(?:imei|iccid|mpan|mprn|iban|swift|bic|isbn|vin|uprn|eid|esn|meid|urn|ean|upc|gtin|sku)\b",
        r"\b(?:account|booking|order) (?:is|ending)\b",
        r"\border #",
        r"\b[a-z]{2}\d{2}(?=\s?(?:[a-z]{4}|\d{4})\s?\d{4})",
    ),
    "pay": (
        rf"\b{_PAY_CARD}",
        rf"\b{_BRAND}\b",
        r"\bcards?\b",
        r"\b(?:take|make) (?:a|the|that|your|my) payment\b",
        r"\bpay(?:ing|ment)? (?:for )?(?:it |that |this )?(?:now|today|over the phone)\b",
    ),
}
_MASKED = r"(?<![\w*•])[x*•]{3,}"  # xxxx xxxx xxxx 1234


def _alternatives(kind: CueKind) -> str:
    """A kind's phrases as one group. Each begins at a word, so that is looked for once, outside: it is much faster."""
    return f"(?P<{kind}>{'|'.join(phrase.removeprefix(_WORD) for phrase in _PHRASES[kind])})"


_CUES = re.compile(
    rf"\b(?=[a-z\d])(?:{'|'.join(map(_alternatives, _PHRASES))})".replace(" ", r"[\s,-]{1,2}") + f"|{_MASKED}"
)


def find_cues(text: str) -> list[Cue]:
    """All cues in order, none overlapping another."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters have a longer lower case, and positions must stay
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return [Cue(_kind(match), match.start(), match.end()) for match in _CUES.finditer(lower)]


def _kind(match: re.Match[str]) -> CueKind:
    return next((kind for kind in _PHRASES if match.group(kind) is not None), "last")
