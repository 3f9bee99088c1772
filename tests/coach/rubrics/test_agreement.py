from pathlib import Path

import pytest

from coach.rubrics import agree, calibrate, load_rubric

ROOT = Path(__file__).parents[3]
TRACKERS = frozenset(path.stem for path in (ROOT / "coach" / "trackers").glob("*/*.toml"))


def test_kappa_as_in_the_textbook() -> None:
    # Fleiss, Levin and Paik's way of counting: 20 both yes, 15 both no, 5 and 10 apart; kappa = .4.
    pairs = [(1.0, 1.0)] * 20 + [(1.0, 0.0)] * 5 + [(0.0, 1.0)] * 10 + [(0.0, 0.0)] * 15
    found = agree(pairs)
    assert found.kappa == pytest.approx(0.4)
    assert found.difference == pytest.approx(0.3)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.4 < found.high
    assert not found.suffices


def test_partial_values_count_for_the_difference_only() -> None:
    found = agree([(1.0, 0.5), (0.0, 0.0), (1.0, 1.0)])
    assert (found.n, found.n_yes_no, found.difference, found.kappa) == (3, 2, pytest.approx(0.5 / 3), 1.0)


def test_little_or_one_sided_evidence_concludes_nothing() -> None:
    assert agree([]).difference is None
    assert agree([(1.0, 1.0)] * 50).kappa is None
    few = agree([(1.0, 1.0), (0.0, 0.0)] * 3)
    assert few.kappa == 1.0
    assert few.low is not None
    assert few.low < 0.5  # six reviews that agree prove little
    assert not few.suffices


def test_enough_agreement_lets_a_judged_criterion_count() -> None:
    rubric = load_rubric("service-basics", TRACKERS)
    pairs = [(1.0, 1.0), (0.0, 0.0)] * 20
    calibrated = calibrate(rubric, {"courteous": pairs, "empathy": pairs, "concrete_promise": pairs[:10]})
    assert calibrated.calibrated == ("courteous",)
    assert calibrated.sha256 != rubric.sha256
    assert calibrate(rubric, {}) == rubric
