"""The words in which figures name what they count."""

RUBRICS = ("discovery", "service-basics")
"""The rubrics that come with Callcoach."""

TRACKER_WORDS = {
    "apology": "the agent apologises",
    "blame_shifted": "the agent shifts the blame",
    "cause_fix_failed": "a fix that failed is heard of",
    "cause_hard_to_reach": "the customer could hardly get through",
    "cause_long_wait": "a long wait is heard of",
    "cause_promise_broken": "a broken promise is heard of",
    "cause_repeat_contact": "the customer had to get in touch again",
    "cause_rude": "rude treatment is heard of",
    "cause_wrong_information": "wrong information is heard of",
    "closing": "the agent closes the contact",
    "confusion": "the customer is confused",
    "empathy": "the agent shows empathy",
    "hold": "the customer is put on hold",
    "hurrying": "the agent hurries the customer or cuts them short",
    "impact_stated": "the customer says what the matter does to them",
    "jargon": "the agent uses jargon without explaining it",
    "leaving": "the customer speaks of leaving",
    "ownership": "the agent takes ownership",
    "praise": "the customer praises somebody or something",
    "promise": "the agent makes a promise",
    "reason_competitor": "the customer gives another provider as the reason",
    "reason_moved": "the customer gives moving as the reason",
    "reason_needs_changed": "the customer gives changed needs as the reason",
    "reason_price": "the customer gives the price as the reason",
    "reflection": "the agent reflects back what was said",
    "reidentification": "the agent asks for identity or details again",
    "remedy": "the agent offers a remedy",
    "suggestion": "the customer makes a suggestion",
    "teaching": "the agent explains or shows how",
    "transfer": "the customer is transferred or sent elsewhere",
    "urgency": "the customer says that it is urgent",
    "vulnerability": "the customer mentions a vulnerability",
}
"""What is heard in a contact with the cue, by tracker. Those that come with Callcoach."""

FUNCTION_WORDS = {
    "opener": ("that open the contact", "an opening question"),
    "impact": ("about the impact", "what the matter does to the customer"),
    "need": ("about the customer's needs", "what the customer wishes or needs"),
    "diagnostic": ("about the problem's facts", "about the problem's facts"),
    "procedural": ("about procedure", "about procedure"),
    "check": ("that check understanding", "to check understanding"),
    "learning": ("about what to learn", "what there is to learn"),
    "closing": ("that offer more help at the end", "whether there is anything else"),
}
"""By a question's function: "questions about the impact", "the agent asks what the matter does to the customer"."""

OUTCOME_WORDS = {
    "resolved": "resolved at the first contact",
    "churned": "whose customer left",
    "sold": "with a sale",
}

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NOT_GIVEN = "(not given)"
"""The group of the contacts that have no such value."""


def cue_words(tracker: str) -> str:
    """What is heard in a contact with that cue."""
    return TRACKER_WORDS.get(tracker, f"the cue “{in_words(tracker)}” is heard")


def reason_words(tracker: str) -> tuple[str, str]:
    """("stated", "price") for reason_price, ("heard", "promise broken") for cause_promise_broken."""
    kind, _, name = tracker.partition("_")
    return ("stated" if kind == "reason" else "heard"), in_words(name)


def in_words(name: str) -> str:
    return name.replace("_", " ")
