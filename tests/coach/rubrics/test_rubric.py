"""Rubrics are read strictly; mistakes are told with their line."""

from pathlib import Path

import pytest

from coach.errors import ConfigError
from coach.measures import Range
from coach.rubrics import Judged, Rubric, load_rubric, load_rubrics, shipped_rubrics

ROOT = Path(__file__).parents[3]
TRACKERS = frozenset(path.stem for path in (ROOT / "coach" / "trackers").glob("*/*.toml"))

WRITTEN = """\
name = "own"
title = "Our own"

[[sections]]
name = "start"
title = "Start"
weight = 2

[[sections.criteria]]
name = "asks"
sentence = "Asks what it does to the customer."
kind = "count"
functions = ["impact"]
answers.met = "Good."

[[sections.criteria]]
name = "cares"
sentence = "Shows empathy."
kind = "follow_up"
after = ["impact_stated"]
trackers = ["empathy"]
weight = 3

[[sections]]
name = "end"
title = "End"

[[sections.criteria]]
name = "solves_late"
sentence = "Explores first."
kind = "order"
first = { functions = ["impact"] }
then = { trackers = ["remedy"] }
"""


def write(folder: Path, text: str) -> str:
    file = folder / "own.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def load(folder: Path, text: str) -> Rubric:
    return load_rubric(write(folder, text), TRACKERS)


@pytest.mark.parametrize("name", ["discovery", "service-basics"])
def test_shipped_rubrics_load_and_are_written_for_people(name: str) -> None:
    rubric = load_rubric(name, TRACKERS)
    assert rubric.name == name
    assert name in shipped_rubrics()
    for criterion in rubric.criteria:
        assert criterion.sentence.endswith(".")
        assert criterion.sentence.count(". ") == 0
        assert criterion.answers.not_met.strip(), f"{criterion.name} does not say what to do"
        if isinstance(criterion, Judged):
            assert criterion.question.endswith("?")


def test_a_rubric_is_read_whole(tmp_path: Path) -> None:
    rubric = load(tmp_path, WRITTEN)
    assert [(section.name, section.weight) for section in rubric.sections] == [("start", 2.0), ("end", 1.0)]
    assert [(criterion.name, criterion.weight) for criterion in rubric.criteria] == [
        ("asks", 1.0),
        ("cares", 3.0),
        ("solves_late", 1.0),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("weight = 2", "wieght = 2", 7, "there is no key 'wieght'"),
        ("weight = 2", "weight = -1", 7, "weight: "),
        ("weight = 3", "weight = nan", 22, "weight: "),
        ("weight = 3", "weight = inf", 22, "weight: "),
        ('title = "Our own"', 'title = ""', 2, "title: "),
        ('title = "Our own"\n', "", 1, "'title' is missing"),
        ('kind = "count"', 'kind = "counting"', 12, "there is no such kind; it is one of share, count"),
        ('kind = "count"\n', "", 9, "'kind' is missing"),
        ('functions = ["impact"]\n', 'functions = ["imapct"]\n', 13, "functions: "),
        ('functions = ["impact"]\nanswers', "answers", 12, "name forms or functions"),
        ('functions = ["impact"]\nanswers', 'functions = ["impact"]\nfull_at = 0\nanswers', 14, "must differ"),
        ('answers.met = "Good."', 'answers.mett = "Good."', 14, "there is no key 'mett'"),
        ('answers.met = "Good."', "in_first = 0", 14, "in_first: "),
        ('name = "cares"', 'name = "asks"', 17, "there is a criterion 'asks' already"),
        ('name = "cares"', 'name = "Cares much"', 17, "name: "),
        ('name = "end"', 'name = "start"', 25, "there is a section 'start' already"),
        ('["impact_stated"]', '["impact_started"]', 20, "there is no tracker 'impact_started'"),
        ('trackers = ["empathy"]', 'trackers = ["emapthy"]', 21, "there is no tracker 'emapthy'"),
        ('trackers = ["empathy"]\n', "", 19, "have to follow"),
        ('then = { trackers = ["remedy"] }', 'then = { trackers = ["remdy"] }', 33, "there is no tracker 'remdy'"),
        ('first = { functions = ["impact"] }', "first = { }", 32, "name forms, functions or trackers"),
        ('first = { functions = ["impact"] }', 'first = { function = ["impact"] }', 32, "no key 'function'"),
        ('name = "own"', 'name = "own"\n# x\nsection = 1', 3, "there is no key 'section'"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, told: str) -> None:
    assert old in WRITTEN
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, WRITTEN.replace(old, new, 1))
    assert f"own.toml, line {line}: " in str(caught.value)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def _with(criterion: str) -> str:
    return (
        'name = "own"\ntitle = "Own"\n[[sections]]\nname = "a"\ntitle = "A"\n[[sections.criteria]]\nname = "x"\n'
        f'sentence = "Does."\n{criterion}\n'
    )


@pytest.mark.parametrize(
    ("criterion", "line", "told"),
    [
        ('kind = "range"\nmeasure = "talkshare"', 10, "there is no measure 'talkshare'; known are announced_holds"),
        ('kind = "range"\nmeasure = "hold"', 10, "hold has no benchmark range"),
        ('kind = "range"\nmeasure = "hold"\nlow = 3\nhigh = 2', 11, "low is above high"),
        ('kind = "judged"\nquestion = "Is it?"\nfatal = true', 11, "cannot be fatal"),
        ('kind = "judged"\nquestion = "Is it?"\ncalibrated = true', 11, "there is no key 'calibrated'"),
        ('kind = "cue"\ntrackers = []', 10, "at least one tracker"),
        ('kind = "share"\nforms = ["open"]', 6, "'full_at' is missing"),
        ('kind = "count"\nforms = ["open"]\nweight = 0', 11, "all criteria of this section are 0"),
        ('kind = "count"\nforms = ["open"]\nweight = true', 11, "weight: Input should be a valid number"),
        ('kind = "count"\nforms = ["open"]\nfull_at = "2"', 11, "full_at: Input should be a valid number"),
        ('kind = "count"\nforms = ["open"]\nfatal = "no"', 11, "fatal: Input should be a valid boolean"),
    ],
)
def test_what_could_never_come_out_is_refused(tmp_path: Path, criterion: str, line: int, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, _with(criterion))
    assert f", line {line}: " in str(caught.value)
    assert told in str(caught.value)


def test_sections_that_all_weigh_nothing_are_refused(tmp_path: Path) -> None:
    text = WRITTEN.replace("weight = 2", "weight = 0").replace('title = "End"', 'title = "End"\nweight = 0.0')
    with pytest.raises(ConfigError, match="line 7: the weights of all sections are 0"):
        load(tmp_path, text)


@pytest.mark.parametrize("text", ["name = ", "[[sections]\n", "\x00"])
def test_what_is_no_toml_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path, text)


def test_an_unknown_rubric_names_the_shipped_ones() -> None:
    with pytest.raises(ConfigError, match="shipped are discovery, service-basics"):
        load_rubric("basics", TRACKERS)


def test_two_rubrics_of_one_name_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path, WRITTEN)
    with pytest.raises(ConfigError, match="'own' is loaded already"):
        load_rubrics((file, "discovery", file), TRACKERS)


def test_the_hash_is_of_the_meaning(tmp_path: Path) -> None:
    plain = load(tmp_path, WRITTEN)
    moved = WRITTEN.replace('kind = "order"\n', "").replace("[[sections.criteria]]", "[[ sections.criteria ]]  # one")
    assert load(tmp_path, "# by Ann\n" + moved + 'kind = "order"\n').sha256 == plain.sha256
    assert load(tmp_path, WRITTEN.replace("weight = 3", "weight = 3.5")).sha256 != plain.sha256
    assert load(tmp_path, WRITTEN.replace('answers.met = "Good."', 'answers.met = "Fine."')).sha256 != plain.sha256


def test_a_configured_range_is_part_of_the_rubric(tmp_path: Path) -> None:
    text = _with('kind = "range"\nmeasure = "talk_share"')
    published = load(tmp_path, text)
    own = load_rubric(write(tmp_path, text), TRACKERS, {"talk_share": Range(0.2, 0.5, "ours")})
    assert own.sha256 != published.sha256
