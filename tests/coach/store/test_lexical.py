"""Passages by the words in them, on both databases."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from coach.store import Store, lexical
from coach.store.engine import reading
from coach.types import Call, Passage, Turn

MakeCall = Callable[..., Call]

SAID = {
    "bill": "The bill is higher than you promised, twice as high.",
    "modem": "The modem E-4711 shows a red light, the bill is fine.",
    "leaving": "I am cancelling; cancelled, I said!",
    "accents": "Grüße aus Zürich, naïve café 漢字",
}


def saying(make_call: MakeCall, call_id: str, text: str) -> Call:
    call = make_call(call_id)
    passage = Passage(0, 0, 0.0, 1.0, text, call.passages[0].embedding)
    return replace(call, turns=(Turn("customer", text, 0.0, 1.0),), passages=(passage,))


@pytest.fixture
def filled(store: Store, make_call: MakeCall) -> Store:
    for call_id, text in SAID.items():
        store.save_call(saying(make_call, call_id, text))
    return store


def found(store: Store, *words: str) -> list[str]:
    """Calls of the passages that hold any of the words, best first."""
    ids, scores = store.match_words(words)
    assert (scores > 0).all()
    calls = store.get_passages(ids.tolist())
    return [calls[id_].call for _, id_ in sorted(zip((-scores).tolist(), ids.tolist(), strict=True))]


def test_words_are_found_in_any_form_of_their_stem(filled: Store) -> None:
    assert found(filled, "modem") == ["modem"]
    assert found(filled, "cancel") == ["leaving"]
    assert found(filled, "promises", "higher") == ["bill"]
    assert found(filled, "4711") == ["modem"]
    assert found(filled, "zürich") == found(filled, "漢字") == ["accents"]
    assert found(filled, "unheard") == found(filled) == []


def test_rare_words_and_several_of_them_count_more(filled: Store) -> None:
    assert found(filled, "bill", "modem", "light") == ["modem", "bill"]
    assert sorted(found(filled, "bill", "cancel")) == ["bill", "leaving", "modem"]


def test_no_word_acts_or_fails(filled: Store) -> None:
    acting = ['"', '"bill', "bill*", "bill OR modem", "NEAR(", "text:bill", "^bill", "-bill", "%", "{bill}", "'bill'"]
    for word in (*acting, "OR", "NOT", "AND", "null", "b" * 5000, "\x00", "bill\x00", "\ud800", ""):
        assert found(filled, word) == [], word
        assert found(filled, word, "modem") == ["modem"], word


def test_many_words_are_taken(filled: Store) -> None:
    assert found(filled, "modem", *(f"word{i}" for i in range(5000))) == ["modem"]


def test_it_keeps_step_with_the_calls(filled: Store, make_call: MakeCall) -> None:
    filled.save_call(saying(make_call, "bill", "Somebody else's parcel arrived."))
    assert found(filled, "parcel") == ["bill"]
    assert found(filled, "bill") == ["modem"]
    filled.forget_call("modem")
    assert found(filled, "bill", "modem") == []
    assert filled.word_frequencies(["modem", "parcel"]) == {"modem": 0, "parcel": 1}
    filled.compact()
    assert found(filled, "modem") == []
    assert found(filled, "parcel") == ["bill"]


def test_words_that_are_too_common_are_left_out(filled: Store) -> None:
    with reading(filled._engine) as connection:
        assert lexical.frequencies(connection, ["bill", "modem", "modem", "parcel"], most=1) == {
            "bill": 2,  # most + 1: more than that is not counted
            "modem": 1,
            "parcel": 0,
        }
        assert len(lexical.match(connection, ["bill", "modem"], most=1)[0]) == 1
        assert len(lexical.match(connection, ["bill"], most=1)[0]) == 0
        assert len(lexical.match(connection, ["bill"], most=2)[0]) == 2


def test_an_endless_turn_can_be_saved_and_is_found_by_its_beginning(store: Store, make_call: MakeCall) -> None:
    store.save_call(saying(make_call, "long", "beginning " + " ".join(f"w{i}ü" for i in range(200_000))))
    assert found(store, "beginning") == ["long"]
