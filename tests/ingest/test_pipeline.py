"""The stages between the recogniser and the store."""

from dataclasses import replace
from pathlib import Path

import pytest

from coach.config import Config
from coach.errors import InputError
from coach.redact import Redactor
from coach.types import Metadata, Segment, Word
from ingest.inbox import Recording
from ingest.intake import merge
from ingest.pipeline import Job, decode_call, redact_metadata, redact_segments


def segment(start: float, text: str, *, dropped: str | None = None) -> Segment:
    return Segment(1, "customer", start, start + 2, text, dropped=dropped)


def test_an_invention_between_its_halves_does_not_hide_a_card_number() -> None:
    said = [
        segment(10, "It's 5105 1051"),
        segment(13, "Subtitles by the Amara.org community", dropped="invention"),
        segment(16, "0510 5100."),
    ]
    redacted = redact_segments(said, Redactor())
    assert not any(digits in part.text for part in redacted.segments for digits in ("5105", "1051", "0510", "5100"))
    assert [part.dropped for part in redacted.segments] == [None, "invention", None]
    assert redacted.silence == ((9.7, 12.3), (15.7, 18.3))


def test_a_card_number_in_a_dropped_segment_is_removed_too() -> None:
    redacted = redact_segments([segment(3, "5105 1051 0510 5100", dropped="loop")], Redactor())
    assert "5105" not in redacted.segments[0].text
    assert redacted.silence


def test_raw_changes_nothing_but_the_order() -> None:
    late, early = segment(9, "5105 1051 0510 5100"), segment(1, "my card is")
    redacted = redact_segments([late, early], None)
    assert (redacted.segments, redacted.silence) == ((early, late), ())


def test_notes_in_metadata_lose_card_numbers() -> None:
    metadata = Metadata(call_id="a", extra={"notes": "paid with 5105 1051 0510 5100", "campaign": "spring"})
    assert redact_metadata(metadata, Redactor()).extra == {"notes": "paid with [card number]", "campaign": "spring"}


def test_what_is_no_longer_told_stays_known() -> None:
    old = Metadata(call_id="a", agent="Dana", churned=True, csat=4, extra={"campaign": "spring", "site": "Leeds"})
    new = Metadata(call_id="a", churned=False, extra={"campaign": "autumn"})
    assert merge(old, new) == Metadata(
        call_id="a", agent="Dana", churned=False, csat=4, extra={"campaign": "autumn", "site": "Leeds"}
    )
    assert merge(old, Metadata()) == old


def test_a_recording_that_vanished_is_its_own_problem(tmp_path: Path) -> None:
    gone = Recording((tmp_path / "gone.wav",), "0" * 64, "single", None, "gone.wav", 1.0)
    with pytest.raises(InputError) as caught:
        decode_call(Job(gone, "gone", Metadata()), tmp_path / "out", Config())
    assert caught.value.code == "unreadable"


def test_words_of_a_redacted_segment_are_gone_and_others_stay() -> None:
    """A word list beside the text would keep what the text no longer says."""
    words = (Word(" 5105", 3, 3.5), Word(" 1051", 3.5, 4), Word(" 0510", 4, 4.5), Word(" 5100", 4.5, 5))
    card = replace(segment(3, "5105 1051 0510 5100"), words=words)
    kept = replace(segment(9, "Goodbye."), words=(Word(" Goodbye.", 9, 9.5),))
    redacted = redact_segments([card, kept], Redactor()).segments
    assert redacted[0].words == ()
    assert redacted[1].words == kept.words
