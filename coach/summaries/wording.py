"""How people say that they are here for something, that something was done, and that something will be.

English, as the shipped trackers are. These patterns only lift one sentence above the others of a turn or a call; they
decide nothing alone where a cue can.
"""

import re

_WILL = r"(?:will|shall|'ll|'m going to|'m gonna|'s going to|are going to|is going to|can come and|has to)"
_SENT = (
    r"(?:ring|call|phone|text|message|write|e-?mail|send|post|book|arrange|order|visit|come|deliver|confirm"
    r"|credit|refund"
    r"|pass|put|get|have|hear|receive|note|chase|check|watch|follow|raise|open|request|drop|pop|look|contact|replace"
    r"|be|take|go|arrive|land|leave|reach|meet|pay|change|move|cancel|swap|fit|install|report|update)"
)

MATTER = re.compile(
    r"\b(?:i(?:'m| am| was)? (?:just )?(?:calling|ringing|phoning|writing|contacting|messaging|getting in touch)\b"
    r"|i(?:'d| would) (?:like|love) to|i (?:want|need|wish|wanted|have|got|signed|ordered|paid|rang)\b"
    r"|i've (?:got|had|just|been)"
    r"|it's (?:about|the|my|going|doing)|(?:question|problem|issue|trouble|matter)s?\b|about (?:the|my|a|your)\b"
    r"|(?:doesn't|don't|won't|can't|isn't|aren't|hasn't|haven't|didn't|cannot|never|keeps?|stopped|still|again"
    r"|nobody)\b"
    r"|no (?:internet|signal|picture|sound|connection|email|bill)|broken|not working|went (?:off|down|up)"
    r"|gone (?:off|up|down)"
    r"|cancel|leav(?:e|ing)|mov(?:e|ed|ing)|switch|bill|invoice|charged?|price|paid|refund|address|order|since\b)",
    re.IGNORECASE,
)
"""What states a matter rather than greets."""

WHO = re.compile(
    r"\b(?:my name(?:'s| is)|this is|account (?:number|no)|postcode|date of birth|security|password"
    r"|(?:first|last|full) name|[a-z]{1,2}\d{1,2} ?\d[a-z]{2})\b",
    re.IGNORECASE,
)
"""What tells who somebody is, not why they call."""

_PARTICIPLES = (
    r"(?:booked|sent|moved|taken|put|added|credited|refunded|reset|changed|cancelled|canceled|noted|arranged"
    r"|ordered|waived"
    r"|opened|raised|fixed|switched|turned|set|muted|removed|applied|updated|passed|reported|written|made|given"
    r"|blocked"
    r"|extended|logged|corrected|asked|spoken|checked|stopped|restarted|activated|registered|placed|upgraded|sorted"
    r"|confirmed|closed|done)"
)
ACTED = re.compile(
    rf"(?:\b(?:i|we|he|she|they)(?:'ve| have|'s| has)(?: just| now| already| also)* {_PARTICIPLES}\b"
    rf"|\b(?:is|are|it's|that's|they're|you're|visit's|order's) (?:now |all |already )*(?:{_PARTICIPLES}"
    rf"|on its way|active)\b"
    r"|\bi'm (?:doing|putting|taking|sending|writing off|crediting|moving|adding|cancelling|removing|booking"
    r"|switching)\b"
    rf"|(?:^|[.!?,:] )(?:(?:so|and|right|okay|there),? )*{_PARTICIPLES}\b(?! you\b))",
    re.IGNORECASE,
)
"""What reports that something was done, or is being done this moment."""

GIVING = re.compile(
    r"\b(?:free(?: of charge)?|no (?:charge|cost|fee|exit fee)|credit|refund|goodwill|waive|write off"
    r"|writing off|discount"
    r"|half price|replacement|replace|new (?:box|router|battery|one|set)|on the house|compensat\w+)\b",
    re.IGNORECASE,
)

COMMITS = re.compile(
    rf"(?:{_WILL}(?: \w+){{0,3}}? {_SENT}\b"
    r"|\bi(?:'d rather|'m| can)? (?:send(?:ing)?|open|request|book|order|post) (?:a|an|you|the|it|one|somebody"
    r"|someone)\b"
    r"|\b(?:it|that|they|he|she|one|card|bill|letter|parcel|box|bag|refund|order|engineer|technician|visit|text"
    r"|code|sensor|\w+)s? "
    r"(?:arrives?|comes?|lands?|goes out|leaves? us) (?:by|on|in|at|to|today|tomorrow|tonight|with|back|within"
    r"|this|next)\b"
    r"|\b(?:going (?:out|in the post)|on its way|in (?:today|tomorrow|tonight)'s post)"
    r"|(?:is|are|it's|visit's|visit is) (?:all )?(?:booked|set|arranged)\b|(?:'s|'re| is| are) with you (?:on|by"
    r"|within|in|tomorrow)\b"
    r"|\bcan come (?:on|tomorrow|today|this|next|at)\b)",
    re.IGNORECASE,
)
"""What says that somebody will do something, or something will come."""

WHEN = re.compile(
    r"\b(?:today|tonight|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february"
    r"|march|april"
    r"|june|july|august|september|october|november|december|(?:on|by|of|in|until|before|from) may|noon|midday|morning"
    r"|afternoon|evening|within|next (?:week|month|bill|day)|this week|(?:in|after) (?:\w+ )?(?:\w+ )?"
    r"(?:minutes?|hours?|days?|weeks?|months?)|(?:first|second|third|\w+th)\b(?! (?:one|time|line))"
    r"|\d{1,2}(?:st|nd|rd|th)|\d{1,2}[:.]\d{2}|by (?:post|courier|text|e-?mail|sms|\w+day))\b",
    re.IGNORECASE,
)

ADVICE = re.compile(
    r"\b(?:if (?:it|that|this|they|you|the \w+)\b.*\b(?:ring|call|tell|let|write|come back|reply|try|press)\b"
    r"|(?:please )?(?:send|keep|wait|try|ring|call|reply|bring|return|leave|use|look for|remember) (?:it|the|us"
    r"|me|that|this|your|for)\b)",
    re.IGNORECASE,
)
"""What the customer is to do next."""

AT_ONCE = re.compile(
    r"\b(?:let me|one (?:moment|second|sec|minute)|(?:a|just a|for a) (?:moment|second|sec|minute)|bear with"
    r"|hold (?:on|the line)"
    r"|hang on|(?:i'll|i will|i'm going to|i'm gonna|i'd)(?: just| quickly| now| also)* (?:have a|take a|be|need"
    r"|ask|check|look|see|read"
    r"|explain|pull|bring up|put you|transfer|connect|go through|walk|try|let you go|start|get that|leave you"
    r"|take that|stay|wait|do that now)"
    r"|before (?:we|i) (?:start|begin|go)|put you (?:through|on)|while (?:i|we|you))\b",
    re.IGNORECASE,
)
"""What is done within the call itself, or ends it."""

KEPT = re.compile(
    r"\b(?:it's (?:here|come|just come|arrived|working|gone)|(?:just )?(?:arrived|came through|got it|got the)"
    r"|that's it|there it is)\b",
    re.IGNORECASE,
)
"""What a customer says when a thing promised comes while they still talk."""

PLEASANTRY = re.compile(
    r"\b(?:thank(?:s| you) for (?:calling|your|ringing|getting|waiting|holding)|have a (?:good|nice|lovely"
    r"|great)|take care"
    r"|good ?bye|bye|you're welcome|anything else|how (?:can|may) (?:i|we) (?:help|assist)|sorry|apologi[sz]e"
    r"|kind regards)\b",
    re.IGNORECASE,
)
