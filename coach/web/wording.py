"""What the pages call things, in plain words."""

from dataclasses import dataclass

from coach.types import FUNCTIONS, Form, Function, Role

ROLE_NAMES: dict[Role, str] = {"agent": "Agent", "customer": "Customer", "unknown": "Speaker"}

MEDIUM_NAMES = {"voice": "Voice", "chat": "Chat", "email": "E-mail", "social": "Social"}

FORM_MEANINGS: dict[Form, str] = {
    "open": "Invites an answer in the customer's own words.",
    "closed": "Answered by yes or no, a choice, or one fact.",
    "none": "Asks the customer nothing.",
}

FUNCTION_MEANINGS: dict[Function, str] = {
    "opener": "Invites the customer to say why they are here.",
    "impact": "Asks what the matter does to the customer.",
    "need": "Asks for goals, wishes or circumstances.",
    "diagnostic": "Narrows down facts of the problem.",
    "procedural": "Identity, account, consent, booking.",
    "check": "Confirms or checks understanding.",
    "learning": "Asks the customer to judge or teach us.",
    "closing": "Offers more help at the end.",
    "none": "Asks the customer nothing.",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A short name and one sentence."""

    name: str
    meaning: str


_FLAGS = {
    "truncated": Explained(
        "Recording cut short",
        "The file ends earlier than it says it should, or without its end. All that could be decoded is here.",
    ),
    "one_sided": Explained(
        "Only one side", "Only one person's recording was found; the other is missing, so shares say little."
    ),
    "duplicated_mono": Explained(
        "One sound on both channels",
        "Both channels hold the same sound, so who speaks can only be told from voices and words.",
    ),
    "mono": Explained(
        "One channel", "Everybody is on one channel, so who speaks can only be told from voices and words."
    ),
    "not_diarized": Explained(
        "Voices not told apart",
        'What tells voices apart is not installed (the extra "diarize"), so it is not known who asked what.',
    ),
    "one_voice": Explained("One voice", "Only one voice was heard, or two that sound alike; whose it is is not known."),
    "roles_unknown": Explained(
        "Roles not clear",
        "Two voices were told apart, but not which is the agent's, so nothing is scored. `coach swap --agent` says it.",
    ),
    "sides_look_swapped": Explained(
        "Sides may be swapped",
        "By what is said, the agent's side is the customer's. If so, `coach swap` puts it right everywhere.",
    ),
    "sides_put_right": Explained(
        "Sides put right", "The recording names the sides the wrong way round; somebody put them right here."
    ),
    "sides_swapped": Explained(
        "Sides set by hand", "Somebody said who the agent is; the recording or what is said had it otherwise."
    ),
    "damaged": Explained("Damaged file", "Parts of the recording could not be decoded and are missing."),
    "length_corrected": Explained("Wrong length in the file", "The file gives a wrong length; the sound is whole."),
    "gaps_filled": Explained("Gaps", "The recording has gaps; they are silent here, so that all times stay right."),
    "more_tracks_ignored": Explained("More tracks", "The file holds further sound tracks; only the first was used."),
    "silent_channel": Explained("A silent channel", "One of the two sides holds no sound at all."),
    "sides_differ_in_length": Explained(
        "Sides of different length", "The two sides' recordings differ in length, so they may not start together."
    ),
    "second_channel_ignored": Explained(
        "A channel left out", "One side's file holds two different channels; the louder one was used."
    ),
    "echo_removed": Explained(
        "Echo left out", "One side's recording faintly repeats the other's voice; those words are counted only once."
    ),
    "speech_lost": Explained(
        "Speech without text", "Somebody speaks where no usable text came out. Listen to those moments yourself."
    ),
}

_DROPPED = {
    "loop": "the recogniser repeated itself",
    "silence": "nobody was speaking",
    "outside_speech": "nobody was speaking",
    "invention": "a phrase the recogniser tends to invent",
    "vocabulary": "names from your vocabulary where nobody said them",
    "unlikely": "the recogniser was guessing",
    "too_fast": "more words than anybody can say in that time",
}

_SCORES = {
    "questions_per_10_minutes": "Pace of questions",
    "open_questions": "Open",
    "closed_questions": "Closed",
    "open_share": "Open questions",
    "reflections": "Said back what was heard",
    "reflections_per_question": "Said back, per question",
    "reply_words_open": "Words answered to open questions",
    "reply_words_closed": "Words answered to closed questions",
    "new_facts_open": "New facts after open questions",
    "new_facts_closed": "New facts after closed questions",
    "chain": "Steps of the conversation",
    "next_step": "Next step agreed",
    "taken_up": "Moments taken up",
    "talk_share": "Agent's talk share",
    "longest_monologue": "Agent's longest stretch",
    "customer_longest_monologue": "Customer's longest stretch",
    "interruptions": "Agent interrupts",
    "customer_interruptions": "Customer interrupts",
    "speaking_rate": "Agent's words",
    "customer_speaking_rate": "Customer's words",
    "patience": "Pause before answering",
    "silence_share": "Silence",
    "hold": "On hold",
    "announced_holds": "Holds announced",
    "reply_time": "Time to reply",
} | {f"{function}_questions": function.capitalize() for function in FUNCTIONS}

_CUE_KINDS = ("reason", "cause")
"""Cues that come in families, by the first word of their tracker's name."""


def explain_flag(flag: str) -> Explained:
    """Name and meaning of a call's flag; an unknown flag is shown as it is."""
    return _FLAGS.get(flag) or Explained(sentence_case(flag), "Something about this recording is out of the ordinary.")


def explain_dropped(reason: str | None) -> str:
    """Why a stretch of text was not counted."""
    return _DROPPED.get(reason or "", sentence_case(reason or "not reliable").lower())


def name_score(name: str) -> str:
    """The heading of a scorecard's line."""
    return _SCORES.get(name, sentence_case(name))


def name_cue(tracker: str) -> str:
    """What a tracker found: "cause_long_wait" becomes "Cause: long wait"."""
    kind, _, rest = tracker.partition("_")
    return (
        f"{kind.capitalize()}: {sentence_case(rest).lower()}" if kind in _CUE_KINDS and rest else sentence_case(tracker)
    )


def sentence_case(key: str) -> str:
    """A stored key as words: "talk_share" becomes "Talk share"."""
    words = key.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]
