from pathlib import Path

import pytest

from coach.errors import ConfigError
from coach.trackers import load_trackers, read_tracker

HEAD = 'name = "{name}"\ntitle = "T"\nspeaker = "customer"\ngroup = "own"\nmeaning = "M."\n'


def write(folder: Path, *, name: str = "own", positive: int = 12, negative: int = 10, more: str = "") -> Path:
    def listed(key: str, count: int) -> str:
        return f"{key} = [\n" + "".join(f'    "{key} sentence number {n}",\n' for n in range(count)) + "]\n"

    path = folder / f"{name}.toml"
    text = HEAD.format(name=name) + more + listed("positive", positive) + listed("negative", negative)
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_tracker_is_sound() -> None:
    trackers = load_trackers()
    assert len(trackers) == 32
    assert [one.speaker for one in trackers] == ["customer"] * 18 + ["agent"] * 14
    assert len({one.name for one in trackers}) == len({one.fingerprint for one in trackers}) == 32


def test_own_tracker_is_added_and_one_of_a_shipped_name_replaces_it(tmp_path: Path) -> None:
    write(tmp_path, name="own")
    write(tmp_path, name="leaving")
    trackers = {one.name: one for one in load_trackers(tmp_path)}
    assert len(trackers) == 33
    assert trackers["leaving"].group == "own"
    assert trackers["own"].positive[0] == "positive sentence number 0"


@pytest.mark.parametrize(
    ("changes", "line", "told"),
    [
        ({"positive": 11}, 6, "positive has 11 examples; write at least 12"),
        ({"negative": 9}, 20, "negative has 9 examples; write at least 10"),
        ({"more": "colour = 1\n"}, 6, "colour: Extra inputs are not permitted"),
        ({"more": 'phrases = ["?!"]\n'}, 6, "has no word in it"),
        ({"more": "phrases = [3]\n"}, 6, "phrases.0: Input should be a valid string"),
    ],
)
def test_bad_tracker_is_refused_with_its_line(tmp_path: Path, changes: dict[str, object], line: int, told: str) -> None:
    path = write(tmp_path, **changes)  # type: ignore[arg-type]
    with pytest.raises(ConfigError) as error:
        read_tracker(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert told in str(error.value)


def test_sentence_that_stands_twice_is_refused_whatever_its_case(tmp_path: Path) -> None:
    path = write(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"positive sentence number 3"', '"Positive sentence, number 2!"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="stands there twice; remove one"):
        read_tracker(path)
    path.write_text(text.replace('"negative sentence number 3"', '"Positive sentence number 2."'), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.toml:24: .*among positive and negative"):
        read_tracker(path)


def test_two_own_files_of_one_name_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "again.toml").write_text((tmp_path / "own.toml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ConfigError, match="has the name 'own' too"):
        load_trackers(tmp_path)
    with pytest.raises(ConfigError, match="no such folder"):
        load_trackers(tmp_path / "none")
