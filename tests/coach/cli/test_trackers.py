from pathlib import Path

from commandline import Coach

from coach.trackers.tracker import SHIPPED


def test_trackers_are_listed(coach: Coach, tmp_path: Path) -> None:
    ran = coach("trackers", "--data", tmp_path, "--json")
    assert ran.code == 0, ran.err
    assert len(ran.json) == 32
    assert {"name", "speaker", "group", "meaning", "positive", "negative"} <= ran.json[0].keys()


def test_a_file_being_written_is_tried_on_sentences(coach: Coach, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    shipped = (SHIPPED / "customer" / "leaving.toml").read_text(encoding="utf-8")
    own.write_text(shipped.replace('name = "leaving"', 'name = "own"'), encoding="utf-8")
    sentences = tmp_path / "sentences.txt"
    sentences.write_text("I want to cancel my contract.\n\nThe light is green.\n", encoding="utf-8")
    ran = coach("trackers", "test", own, "--file", sentences, "--json")
    assert ran.code == 0, ran.err
    assert [(one["place"], one["text"]) for one in ran.json["caught"]] == [
        ("sentences.txt:1", "I want to cancel my contract.")
    ]
    assert ran.json["n_sentences"] == 2
    assert 0.7 < ran.json["f1"] <= 1


def test_unknown_tracker_is_told_in_one_sentence(coach: Coach, tmp_path: Path) -> None:
    ran = coach("trackers", "test", "nothing", "--data", tmp_path)
    assert ran.code == 2
    assert ran.err.strip() == (
        "coach: There is no tracker 'nothing'; `coach trackers` lists them, and a path ends with .toml."
    )


def test_options_before_the_subcommand_are_refused_not_lost(coach: Coach, tmp_path: Path) -> None:
    ran = coach("trackers", "--data", tmp_path, "test", "leaving")
    assert (ran.code, ran.out) == (2, "")
    assert "behind `test`" in ran.err
