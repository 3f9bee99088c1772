"""Set phrases, and that what only sounds alike is left alone."""

import pytest

from coach.routing.wording import usual, wants_only_figures


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sell more than where nobody asked about it ?", "sell more than the others ?"),
        ("longer than those where nobody hurries ?", "longer than those where nobody hurries ?"),
        ("confused vs those where they are not", "confused vs the others"),
        ("churn more than those not in the campaign ?", "churn more than the others ?"),
        ("happier than people outside the campaign ?", "happier than the others ?"),
        ("how much traffic did we get", "how many contacts did we get"),
        ("contacts where nobody asked about it", "contacts where nobody asked about it"),
    ],
)
def test_rests_of_a_comparison_are_the_others(text: str, said: str) -> None:
    assert usual(text) == said


@pytest.mark.parametrize(
    "text",
    ["top reasons , just the figures", "reasons , numbers only", "why do customers leave , no quotes please"],
)
def test_only_figures_are_wanted(text: str) -> None:
    assert wants_only_figures(text)


def test_figures_beside_words_do_not_shut_words_out() -> None:
    assert not wants_only_figures("why do customers leave , with figures and quotes")
