"""The name conventions of recorders: what they tell, and that nothing is guessed where they do not match."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coach.config import InboxConfig
from coach.errors import ConfigError, InputError
from coach.types import Metadata
from ingest.inbox import Recording
from ingest.metadata import MetadataSource
from ingest.names import CONVENTIONS

SID = "0123456789abcdef0123456789abcdef"


def described(inbox: Path, name: str, convention: str, zone: str = "UTC") -> Metadata:
    """What is known of a recording called `name` in `inbox`."""
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(name.encode())
    recording = Recording((path,), "0" * 64, "single", None, path.name, 1.0)
    config = InboxConfig(filename_pattern=convention, filename_timezone=zone)
    return MetadataSource(inbox, config, [recording]).for_recording(recording)


def test_post_call_analytics_name(tmp_path: Path) -> None:
    name = "Auto1_GUID_001_AGENT_AndrewK_CUST_K-7_DT_2021-12-01T07-55-51.wav"
    at = datetime(2021, 12, 1, 7, 55, 51, tzinfo=UTC)
    expected = Metadata(call_id="001", agent="AndrewK", customer="K-7", started_at=at)
    assert described(tmp_path, name, "amazon-pca") == expected
    assert described(tmp_path, name, "amazon-pca", "America/New_York").started_at == at.replace(hour=12)
    assert described(tmp_path, "2021-12-01T07-55-51_AGENT_Ann.mp3", "amazon-pca") == Metadata(
        agent="Ann", started_at=at
    )


FOLDER = "org/year=2026/month=3/day=1/hour=9/conversation_id=c-1"


@pytest.mark.parametrize("beside", ["r-1.opus_metadata.json", "r-1_metadata.json"])
def test_genesys_cloud_export(tmp_path: Path, beside: str) -> None:
    about = {
        "conversationId": "c-1",
        "mediaType": "Call",
        "startTime": "2026-03-01T09:41:07.123Z",
        "userIds": ["u-1"],
        "queueIds": ["q-1", "q-2"],
        "durationMs": 61000,
        "provider": "Edge",
    }
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / beside).write_text(json.dumps(about))
    assert described(tmp_path, f"{FOLDER}/r-1.opus", "genesys-cloud") == Metadata(
        call_id="r-1",
        agent="u-1",
        started_at=datetime(2026, 3, 1, 9, 41, 7, 123000, tzinfo=UTC),
        extra={"conversation_id": "c-1", "durationMs": "61000", "provider": "Edge"},
    )


def test_genesys_folders_alone_tell_the_hour(tmp_path: Path) -> None:
    metadata = described(tmp_path, f"{FOLDER}/r-1.opus", "genesys-cloud", "Europe/Berlin")
    assert metadata.started_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert metadata.extra == {"conversation_id": "c-1"}


def test_twilio_sids_and_its_json(tmp_path: Path) -> None:
    extra = {"recording_sid": f"RE{SID}"}
    assert described(tmp_path, f"RE{SID}.wav", "twilio") == Metadata(call_id=f"RE{SID}", extra=extra)
    (tmp_path / f"CA{SID}-RE{SID}.json").write_text('{"start_time": "Fri, 14 Oct 2016 21:56:34 +0000"}')
    assert described(tmp_path, f"CA{SID}-RE{SID}.wav", "twilio") == Metadata(
        call_id=f"CA{SID}",
        started_at=datetime(2016, 10, 14, 21, 56, 34, tzinfo=UTC),
        extra={**extra, "call_sid": f"CA{SID}"},
    )


@pytest.mark.parametrize("convention", list(CONVENTIONS))
@pytest.mark.parametrize(
    "name", ["call.wav", "2021-12-01.wav", f"RE{SID[1:]}.wav", f"XRE{SID}.wav", "year=2026/x.opus"]
)
def test_other_names_are_set_aside_with_a_sentence(tmp_path: Path, convention: str, name: str) -> None:
    with pytest.raises(InputError) as raised:
        described(tmp_path, name, convention)
    assert raised.value.code == "bad_metadata"
    expected = CONVENTIONS[convention].expects
    assert str(raised.value) == f"{Path(name).name}: expected {expected}; rename it or give it a row in metadata.csv."


@pytest.mark.parametrize(
    ("convention", "name"),
    [("amazon-pca", "a_2021-13-01T07-55-51.wav"), ("genesys-cloud", f"{FOLDER}/r-2.opus")],
)
def test_impossible_values_are_told(tmp_path: Path, convention: str, name: str) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "r-2_metadata.json").write_text("[")
    with pytest.raises(InputError, match=r": in its name, .*; rename it\.") as raised:
        described(tmp_path, name, convention)
    assert raised.value.code == "bad_metadata"


def test_unknown_time_zone_is_a_config_error(tmp_path: Path) -> None:
    for zone in ("Mars/Base", "../etc", ""):
        with pytest.raises(ConfigError, match="filename_timezone"):
            described(tmp_path, "a.wav", "twilio", zone)
