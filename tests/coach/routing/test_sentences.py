"""Questions of several sentences."""

import pytest
from routes import TODAY, planned

from coach.routing import PhraseBook
from coach.routing.sentences import sentences


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("We held a workshop in June. Is empathy going up?", None, None),
        ("The new script came out on 1 July. How satisfied are families since then?", "2026-07-01", None),
        ("We were busy in June. What was the csat in July?", "2026-07-01", "2026-07-31"),
        ("I was away in July. How many contacts were there last week?", "2026-08-24", "2026-08-30"),
        ("How many contacts were there in July? Only families please.", "2026-07-01", "2026-07-31"),
    ],
)
def test_days_of_what_is_only_told_are_no_period(
    question: str, since: str | None, until: str | None, book: PhraseBook
) -> None:
    period = planned(question, book).period
    assert (period.since and str(period.since), period.until and str(period.until)) == (since, until)


def test_one_sentence_stays_as_it_is() -> None:
    assert sentences("In June we had a workshop.", TODAY).text == "in june we had a workshop"
    assert sentences("", TODAY).text == ""
