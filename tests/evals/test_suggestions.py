import pytest
from colleagues import SharedWords

from evals import suggestions


def test_written_questions_are_judged_without_other_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(suggestions, "load_embedder", SharedWords)
    assert suggestions.main([]) == 0
    rows = {line[:32].strip(): line[32:] for line in capsys.readouterr().out.splitlines() if len(line) > 32}
    assert list(rows)[1:3] == ["found", "same matter"]
    found, same, chance = (float(rows[name].split()[0]) for name in ("found", "same matter", "picked at random"))
    assert 0 < found < 1
    assert 0 <= chance < same <= 1
