"""What the redactor takes out of a conversation and what it leaves."""

import re
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.errors import ConfigError
from coach.redact import Redaction, Redactor
from coach.types import ROLES, Role

REDACTOR = Redactor()
_NUMBER_WORDS = (
    "oh zero one two three four five six seven eight nine double triple forty hundred to for 4 1111 4111 123"
)
_TALK = (
    "card number|my card|security code|on the back|order number|phone|expires|ending in|yes|um|pounds|£12.50|10:30"
    "|2026-09-14|[card number]|[security code]|sorry|what a lovely day|,|.|\n"
)
_WORDS = [*_NUMBER_WORDS.split(), *_TALK.split("|")]


def talk(*lines: str) -> list[str]:
    """The texts after redaction of lines such as "a: four one"; a is the agent, c the customer, u unknown."""
    roles: dict[str, Role] = {"a": "agent", "c": "customer", "u": "unknown"}
    utterances = [(roles[line[0]], line[2:].strip()) for line in lines]
    result = REDACTOR.redact(utterances)
    assert len(result) == len(utterances)
    return [redaction.text for redaction in result]


@pytest.mark.parametrize(
    "written",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111-1111…1111 1111",
        "4111.1111.1111.1111",
        "4,111, 1111, 1111, 1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "3782 822463 10005",
        "\uff14\uff11\uff11\uff11 " + "\uff11" * 12,
        "four one one one double one double one triple one one one one one one",
        "forty-one eleven eleven eleven eleven eleven eleven eleven",
        "four thousand one hundred eleven, eleven eleven, eleven eleven, eleven eleven",
        "for one one won, oh two to ate, too four for for, one one one one",
        "four um one one one. Right, one one one one, and then one one one one, and one one one one",
        "five three zeros four five six double seven nine oh one two three four",
    ],
)
def test_card_number_without_any_announcement_is_removed(written: str) -> None:
    assert talk(f"c: {written}") == ["[card number]"]


def test_number_over_turns_with_backchannels_echoes_and_corrections_leaves_no_digits() -> None:
    texts = talk(
        "a: Can I take the long number on the front?",
        "c: Yes it's four five three nine",
        "a: four five three nine",
        "c: one four eight eight, no sorry, five",
        "a: was that one four eight five?",
        "c: yes, then forty-one eleven",
        "a: mhm",
        "c: nineteen oh two",
    )
    assert not re.search(r"\b(one|two|four|five|eight|nine|oh|forty|eleven|nineteen)\b", " ".join(texts))
    assert texts[0] == "Can I take the long number on the front?"


def test_agent_who_reads_the_number_back_is_redacted_too() -> None:
    assert talk("c: 4111 1111 1111 1111", "a: So 4111 1111 1111 1111, thank you.")[1] == "So [card number], thank you."


def test_part_of_an_announced_card_number_is_removed() -> None:
    assert talk("a: The card number please?", "c: 4111 11", "c: oh the doorbell")[1] == "[card number]"


def test_security_code_is_removed_from_question_answer_and_read_back() -> None:
    texts = talk(
        "a: And the three digits on the back?",
        "c: it's one",
        "a: yes",
        "c: two three",
        "a: one two three, lovely. That's one hundred and twenty pounds.",
        "c: 321 was the CVV of the old one",
    )
    assert texts[1] == "it's [security code]"
    assert texts[3] == "[security code]"
    assert texts[4] == "[security code], lovely. That's one hundred and twenty pounds."
    assert texts[5].startswith("[security code] was the CVV")


def test_dates_of_a_card_are_removed_beside_its_number() -> None:
    assert talk("c: my card is 4111 1111 1111 1111 expires 09/27 and the code on the back is 123") == [
        "my card is [card number] expires [card number] and the code on the back is [security code]"
    ]


def test_last_four_digits_may_stay() -> None:
    """PCI DSS v4.0, requirement 3.4.1: the first six and the last four digits may be shown."""
    lines = ["c: the card ending in 1234", "a: The last four digits are one two three four?", "c: xxxx xxxx xxxx 1234"]
    assert talk(*lines) == [line[3:] for line in lines]


@pytest.mark.parametrize(
    "line",
    [
        "c: My mobile is 07700 900123, and at work it's 020 7946 0018.",
        "c: oh seven seven double oh nine hundred one two three",
        "c: +49 1512 3456789",
        "a: Your booking reference is 1234 5678 9012 3452.",
        "a: The meter number is 12 345 678 901 2345 67890",
        "c: The IMEI is 356938035643809",
        "c: My IBAN is DE89 3704 0044 0532 0130 00",
        "a: That comes to £1,250.00, so 12 payments of £104.17 from 2026-09-14 10:30:00 to 2027-08-14 10:30:00.",
        "c: 100, 93, 86, 79, 72, 65, 58",
        "c: SW1A 1AA, on the 14th, between 10:30 and 12:45, in 2019, 20 % off",
        "c: I have one card and two accounts, and I called three times in four weeks.",
        "c: REF12345678901234",
    ],
)
def test_other_numbers_survive(line: str) -> None:
    assert talk(line) == [line[3:]]


def test_number_after_an_answered_question_for_another_is_judged_by_itself() -> None:
    lines = ["a: What's the best phone number?", "c: 07700 900123", "a: How will you pay?", "c: 3782 822463 10005"]
    assert talk(*lines)[1:] == ["07700 900123", "How will you pay?", "[card number]"]


def test_two_telephone_numbers_in_a_list_survive() -> None:
    assert talk("c: All right. 18602459216,13804033800") == ["All right. 18602459216,13804033800"]


def test_zeros_alone_in_a_turn_are_part_of_the_number() -> None:
    texts = talk("a: The card number?", "c: sixty-seven fifty-nine", "a: go on", "c: oh oh", "a: and the next four?")
    assert texts[1:] == ["[card number]", "go on", "[card number]", "and the next four?"]


def test_amount_said_after_the_card_survives() -> None:
    texts = talk("c: my card is 4111 1111 1111 1111", "a: So that's forty-nine pounds ninety-nine taken in one moment.")
    assert texts[1] == "So that's forty-nine pounds ninety-nine taken in one moment."


def test_names_are_removed_only_when_wanted() -> None:
    pytest.importorskip("presidio_analyzer")
    line: tuple[Role, str] = ("agent", "Good morning, my name is Sarah Jones, how can I help you?")
    assert not REDACTOR.redact([line])[0].changed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spaCy and Presidio deprecate things of each other's while loading
        redaction = Redactor(names=True).redact([line, ("customer", "4111 1111 1111 1111")])
    assert redaction[0] == Redaction("Good morning, my name is [name], how can I help you?", True, ("name",))
    assert redaction[1].kinds == ("card_number",)


def test_names_without_presidio_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="`names` extra"):
        Redactor(names=True)


def test_phone_number_survives_being_read_back() -> None:
    lines = [
        "c: oh seven seven double oh nine hundred one two three",
        "a: oh seven seven double oh nine hundred one two three",
    ]
    assert talk(*lines) == [line[3:] for line in lines]


def test_changed_and_kinds_tell_what_was_removed() -> None:
    result = REDACTOR.redact([("agent", "CVV?"), ("customer", "123"), ("customer", "bye")])
    assert result == [
        Redaction("CVV?", False),
        Redaction("[security code]", True, ("security_code",)),
        Redaction("bye", False),
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ROLES), st.text()), max_size=6))
def test_any_text_is_kept_in_number_and_order(utterances: list[tuple[Role, str]]) -> None:
    assert len(REDACTOR.redact(utterances)) == len(utterances)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(ROLES),
            st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join),
        ),
        max_size=8,
    )
)
def test_redacting_twice_changes_nothing_more(utterances: list[tuple[Role, str]]) -> None:
    once = REDACTOR.redact(utterances)
    again = REDACTOR.redact([(role, redaction.text) for (role, _), redaction in zip(utterances, once, strict=True)])
    assert not any(redaction.changed for redaction in again)


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "one ",
        "4 ",
        "card number ",
        "double ",
        "a",
        "to ",
        "1.",
        "-",
        "x",
        "\u0663 ",
        "12:3",
        "[card number] 4111 ",
    ],
)
def test_time_grows_in_proportion_to_length(piece: str) -> None:
    """A pattern that backtracks would take minutes at this length, not a second."""
    started = time.process_time()
    REDACTOR.redact([("customer", piece * (20_000 // len(piece)))])
    assert time.process_time() - started < 10
