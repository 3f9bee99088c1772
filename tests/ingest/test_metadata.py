"""What is known of recordings: sidecars, metadata.csv line by line, file names."""

import json
import os
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coach.config import InboxConfig
from coach.errors import ConfigError, InputError
from coach.types import Metadata
from ingest.inbox import look
from ingest.metadata import MAX_PROBLEMS, MetadataSource


class Inbox:
    """A folder with recordings and what describes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def put(self, *names: str) -> "Inbox":
        for name in names:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(name.encode())
        return self

    def csv(self, *lines: str | bytes, name: str = "metadata.csv") -> "Inbox":
        data = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
        (self.folder / name).write_bytes(data)
        return self

    def json(self, name: str, value: object) -> "Inbox":
        (self.folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
        return self

    def source(self, pattern: str | None = None) -> MetadataSource:
        config = InboxConfig(settle_s=0, filename_pattern=pattern)
        self.recordings = {r.name: r for r in look(self.folder, config, final=True).ready}
        return MetadataSource(self.folder, config, list(self.recordings.values()))

    def one(self, name: str = "a.wav", pattern: str | None = None) -> Metadata:
        return self.source(pattern).for_recording(self.recordings[name])

    def error(self, name: str = "a.wav", pattern: str | None = None) -> str:
        source = self.source(pattern)
        with pytest.raises(InputError) as raised:
            source.for_recording(self.recordings[name])
        assert raised.value.code == "bad_metadata"
        return str(raised.value)

    def messages(self) -> list[str]:
        source = self.source()
        assert {problem.code for problem in source.problems} <= {"bad_metadata"}
        return [problem.message for problem in source.problems]


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox").put("a.wav")


def test_nothing_known_is_empty_metadata(inbox: Inbox) -> None:
    assert inbox.one() == Metadata()


def test_all_columns_are_read(inbox: Inbox) -> None:
    inbox.csv(
        "file,id,start,agent,team,customer,segment,product,queue,medium,csat,resolved,churned,sold,aht,Campaign Name",
        "a.wav,C-1,2026-01-31T14:00:00+02:00,Ann,north,c9,gold,mobile,billing,voice,4.5,yes,no,1,02:05,spring",
    )
    assert inbox.one() == Metadata(
        call_id="C-1",
        started_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        agent="Ann",
        team="north",
        customer="c9",
        segment="gold",
        product="mobile",
        queue="billing",
        csat=4.5,
        resolved=True,
        churned=False,
        sold=True,
        handle_time_s=125.0,
        extra={"Campaign Name": "spring"},
    )


@pytest.mark.parametrize(
    "text",
    ["2026-01-31 14:05:00", "2026-01-31T14:05:00Z", "2026-01-31 14:05", "20260131-140500", "20260131140500",
     "20260131_1405", "1769868300", "2026-01-31T15:05:00+01:00"],
)  # fmt: skip
def test_times_are_utc_unless_they_say_otherwise(text: str, inbox: Inbox) -> None:
    inbox.csv("file,started_at", f"a.wav,{text}")
    assert inbox.one().started_at == datetime(2026, 1, 31, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("csat", "abc", "csat is 'abc', expected a number"),
        ("csat", "nan", "expected a number"),
        ("csat", "1_000", "expected a number"),
        ("csat", "1e999", "expected a number"),
        ("resolved", "maybe", "resolved is 'maybe', expected true or false"),
        ("started_at", "yesterday", "started_at is 'yesterday', expected a date and time like"),
        ("started_at", "0001-01-01T00:00:00+14:00", "expected a date and time like"),
        ("handle_time_s", "-3", "expected seconds or mm:ss"),
        ("medium", "fax", "expected one of voice, chat, email, social"),
        ("call_id", "../../etc", "expected 1 to 128 printable characters without slashes"),
        ("call_id", "x" * 129, "expected 1 to 128 printable characters"),
        ("call_id", "a\x07b", "expected 1 to 128 printable characters"),
        ("agent", "A\x1b[31m", "expected text without control characters"),
        ("note", "x" * 3000, "expected at most 2000 characters"),
    ],
)
def test_bad_value_sets_only_its_recording_aside(column: str, value: str, expected: str, inbox: Inbox) -> None:
    inbox.put("b.wav").csv(f"file,{column}", f"a.wav,{value}", "b.wav,")
    message = inbox.error()
    assert message.startswith("metadata.csv line 2: ")
    assert expected in message
    assert message.endswith("; the row was left out.")
    assert message.isprintable()
    assert inbox.one("b.wav") == Metadata()


def test_error_that_was_raised_is_not_reported_twice(inbox: Inbox) -> None:
    inbox.csv("file,csat", "a.wav,abc", "gone.wav,abc")
    source = inbox.source()
    assert len(source.problems) == 2
    with pytest.raises(InputError):
        source.for_recording(inbox.recordings["a.wav"])
    assert [problem.message[:19] for problem in source.problems] == ["metadata.csv line 3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_delimiters(encoding: str, delimiter: str, newline: str, inbox: Inbox) -> None:
    text = newline.join([delimiter.join(row) for row in (("file", "agent", "team"), ("a.wav", "Zoë", '"x,y;z"'))])
    (inbox.folder / "metadata.csv").write_bytes((text + newline).encode(encoding))
    assert inbox.one() == Metadata(agent="Zoë", team="x,y;z")


def test_every_broken_line_harms_only_itself(inbox: Inbox) -> None:
    inbox.put("b.wav", "c.wav").csv(
        "file,agent,team",
        "a.wav,Ann,north",
        "short,row",
        "long,row,with,many,values",
        b"nul,\x00,x",
        b"undecodable,\x81\x8d,x",
        'quote,"never closed,x',
        "b.wav,Bob,south",
        "",
        ",no name,x",
        'folded,"two',
        'lines",x',
        "padded.wav,Pat,east,,,",
        "c.wav,Cy,east,,",
    )
    messages = inbox.messages()
    assert [message.split(":")[0] for message in messages] == [
        f"metadata.csv line {line}" for line in (3, 4, 5, 6, 7, 10)
    ]
    assert messages[0] == "metadata.csv line 3: it has 2 values, the header has 3; the row was left out."
    for name, agent in (("a.wav", "Ann"), ("b.wav", "Bob"), ("c.wav", "Cy")):
        assert inbox.one(name).agent == agent


def test_text_with_line_breaks_is_one_row(inbox: Inbox) -> None:
    inbox.put("b.wav").csv("file,note,team", 'a.wav,"first', "", 'second ""quoted""",north', "b.wav,x,south")
    assert inbox.one() == Metadata(team="north", extra={"note": 'first second "quoted"'})
    assert inbox.one("b.wav").team == "south"
    assert inbox.messages() == []


def test_overlong_line_is_one_bad_row(inbox: Inbox) -> None:
    inbox.csv("file,note", "x.wav," + "y" * 3_000_000, "a.wav,short")
    assert inbox.messages() == ["metadata.csv line 2: it is longer than 1048576 bytes; the row was left out."]
    assert inbox.one().extra == {"note": "short"}


def test_repeated_rows(inbox: Inbox) -> None:
    inbox.put("b.wav").csv("file,agent", "a.wav,Ann", "a.wav,Bob", "b.wav,Cy", "b.wav,Cy")
    assert "line 3: 'a.wav' has a row already with other values" in inbox.error()
    assert inbox.one("b.wav").agent == "Cy"
    assert any("line 5: 'b.wav' has a row already;" in message for message in inbox.messages())


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "no column 'file'"),
        ("agent,team", "no column 'file'"),
        ("file,agent,Agent", "names the column 'Agent' twice"),
    ],
)
def test_table_without_a_usable_header_holds_nothing_up(header: str, expected: str, inbox: Inbox) -> None:
    inbox.csv(header, "a.wav,Ann")
    assert expected in inbox.messages()[0]
    assert inbox.one() == Metadata()


def test_empty_or_binary_table(inbox: Inbox) -> None:
    (inbox.folder / "metadata.csv").write_bytes(b"")
    assert "its first line is no header" in inbox.messages()[0]
    (inbox.folder / "metadata.csv").write_bytes(os.urandom(100_000))
    assert inbox.messages()
    assert inbox.one() == Metadata()


def test_problems_of_a_thoroughly_bad_table_are_counted(inbox: Inbox) -> None:
    inbox.csv("file,csat", *(f"x{i}.wav,bad" for i in range(1000)), "a.wav,5")
    messages = inbox.messages()
    assert len(messages) == MAX_PROBLEMS + 1
    assert messages[-1] == f"metadata.csv: {1000 - MAX_PROBLEMS} more rows are bad."
    assert inbox.one().csat == 5


def test_many_rows_take_little_memory(inbox: Inbox) -> None:
    """Of 100,000 rows only the one of the file that is there is kept."""
    rows = (
        f"call{i}.wav,id{i},2026-01-31T14:00:00,Ann,north,c{i},{i % 5},yes,{i % 600},spring" for i in range(100_000)
    )
    inbox.csv("file,id,start,agent,team,customer,csat,resolved,aht,campaign", *rows, "a.wav,last,,,,,,,,")
    assert inbox.one().call_id == "last"
    inbox.csv("file,id", *(f"x{i}.wav,id{i}" for i in range(20_000)))
    tracemalloc.start()
    inbox.source()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000


def test_rows_name_files_in_several_ways(inbox: Inbox) -> None:
    inbox.put("sub/b.wav", "sub/c.wav", "d_agent.wav", "d_caller.wav", "e_agent.wav", "e_caller.wav", "f.wav").csv(
        "path,agent", r".\sub\b.wav,Bob", "c.wav,Cy", "d,Di", "e_caller.wav,Eve", "f,Flo"
    )
    source = inbox.source()
    agents = {name: source.for_recording(recording).agent for name, recording in inbox.recordings.items()}
    assert agents == {
        "a.wav": None,
        "b.wav": "Bob",
        "c.wav": "Cy",
        "d_agent.wav + d_caller.wav": "Di",
        "e_agent.wav + e_caller.wav": "Eve",
        "f.wav": "Flo",
    }


def test_table_of_the_nearest_folder_comes_first(inbox: Inbox) -> None:
    inbox.put("sub/b.wav").csv("file,agent,team", "sub/b.wav,Root,north", "a.wav,Ann,north")
    inbox.csv("file,agent", "b.wav,Near", "a.wav,Wrong", name="sub/metadata.csv")
    assert inbox.one("b.wav") == Metadata(agent="Near", team="north")
    assert inbox.one("a.wav").agent == "Ann"


def test_row_that_means_two_recordings_is_an_error(inbox: Inbox) -> None:
    inbox.put("x/b.wav", "y/b.wav").csv("file,id", "b.wav,same")
    source = inbox.source()
    first, second = (r for r in look(inbox.folder, InboxConfig(settle_s=0)).ready if r.name == "b.wav")
    assert source.for_recording(first).call_id == "same"
    assert source.for_recording(first).call_id == "same"
    with pytest.raises(InputError, match="means several recordings"):
        source.for_recording(second)


def test_sidecar_comes_before_table_before_name(inbox: Inbox) -> None:
    inbox.put("1_Ann_x.wav").csv("file,team,queue,agent", "1_Ann_x.wav,table,table,table")
    inbox.json("1_Ann_x.json", {"team": "sidecar", "csat": 4, "resolved": True, "tags": ["a", "b"], "sold": None})
    assert inbox.one("1_Ann_x.wav", r"(?P<call_id>\d+)_(?P<agent>[^_]+)_(?P<site>\w+)") == Metadata(
        call_id="1",
        agent="table",
        team="sidecar",
        queue="table",
        csat=4.0,
        resolved=True,
        extra={"site": "x", "tags": '["a", "b"]'},
    )


@pytest.mark.parametrize("name", ["a.json", "a.wav.json"])
def test_sidecar_names(name: str, inbox: Inbox) -> None:
    assert inbox.json(name, {"id": "C-7"}).one().call_id == "C-7"


def test_sidecars_of_a_pair_must_agree(inbox: Inbox) -> None:
    inbox.put("b_agent.wav", "b_client.wav").json("b.json", {"id": "1"}).json("b_client.json", {"customer": "c"})
    name = "b_agent.wav + b_client.wav"
    assert inbox.one(name) == Metadata(call_id="1", customer="c")
    inbox.json("b_agent.wav.json", {"call_id": "2"})
    assert "differ in call_id" in inbox.error(name)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "is not valid JSON"),
        ("[1]", "holds no JSON object"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"csat": "abc"}', "csat is 'abc', expected a number"),
        ('{"csat": true}', "csat is 'true', expected a number"),
        ('{"csat": NaN}', "expected a number"),
        ('{"csat": ' + "9" * 5000 + "}", "is not valid JSON"),
        ('{"agent": "\\ud800"}', "expected text without control characters"),
        ('{"no\\u0000te": "x"}', "expected text without control characters"),
        ('{"id": "1", "call_id": "2"}', "call_id is given twice"),
        (" " * (1 << 20) + "{}", "is larger than"),
    ],
)  # fmt: skip
def test_bad_sidecar_sets_its_recording_aside(content: str, expected: str, inbox: Inbox) -> None:
    message = inbox.json("a.json", content).error()
    assert message.startswith("a.json")
    assert expected in message
    message.encode("utf-8")


def test_sidecar_that_leads_out_of_the_inbox_is_not_read(inbox: Inbox, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"agent": "secret"}')
    (inbox.folder / "a.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "secret.csv").write_text("file,agent\na.wav,secret\n")
    (inbox.folder / "metadata.csv").symlink_to(tmp_path / "secret.csv")
    assert inbox.one() == Metadata()


def test_pipes_in_place_of_metadata_do_not_hang(inbox: Inbox) -> None:
    os.mkfifo(inbox.folder / "metadata.csv")
    os.mkfifo(inbox.folder / "a.json")
    assert inbox.one() == Metadata()


def test_file_name_pattern(inbox: Inbox) -> None:
    inbox.put("20260131-140500_Ann.wav", "20269931-140500_Ann.wav", "2_Bo_agent.wav", "2_Bo_client.wav")
    pattern = r"^(?P<started_at>\d{8}-\d{6})_(?P<agent>\w+)$"
    assert inbox.one("20260131-140500_Ann.wav", pattern).started_at == datetime(2026, 1, 31, 14, 5, tzinfo=UTC)
    assert "a.wav: expected a name that inbox.filename_pattern matches" in inbox.error("a.wav", pattern)
    inbox.csv("file,agent", "a.wav,Ann")
    assert inbox.one("a.wav", pattern) == Metadata(agent="Ann")
    assert "in its name, started_at is '20269931-140500'" in inbox.error("20269931-140500_Ann.wav", pattern)
    assert inbox.one("2_Bo_agent.wav + 2_Bo_client.wav", r"^\d_(?P<agent>[A-Z]\w+)$").agent == "Bo_agent"
    with pytest.raises(ConfigError, match="filename_pattern"):
        inbox.source("(?P<agent")
