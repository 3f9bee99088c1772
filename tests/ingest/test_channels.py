"""Who is on which channel."""

from pathlib import Path

import numpy as np
import pytest

from coach.config import InboxConfig
from coach.errors import InputError
from ingest.audio import Audio
from ingest.channels import Channel, are_same_sound, assign
from ingest.inbox import Recording

RNG = np.random.default_rng(7)
N = 32_000


def noise(level: float = 3000, n: int = N) -> np.ndarray:
    return RNG.normal(0, level, n).astype("<i2")


def audio(folder: Path, *channels: np.ndarray, name: str = "x", flags: tuple[str, ...] = ()) -> Audio:
    for i, channel in enumerate(channels):
        (folder / f"{name}.{i}").write_bytes(channel.tobytes())
    return Audio(folder / name, len(channels), len(channels[0]), 8000, len(channels), None, flags)


def recording(layout: str = "single") -> Recording:
    paths = (Path("c_agent.wav"), Path("c_customer.wav")) if layout == "pair" else (Path("c.wav"),)
    role = "customer" if layout == "lone" else None
    return Recording(paths, "0" * 64, layout, role, "c.wav", 0.0)  # type: ignore[arg-type]


def roles(channels: list[Channel]) -> list[tuple[int, str]]:
    return [(channel.index, channel.role) for channel in channels]


def test_left_is_the_agent_unless_configured(tmp_path: Path) -> None:
    left, right = noise(), noise()
    channels, flags = assign([audio(tmp_path, left, right)], recording(), InboxConfig())
    assert roles(channels) == [(0, "agent"), (1, "customer")]
    assert np.array_equal(channels[0].samples, left)
    assert flags == ()
    channels, _ = assign([audio(tmp_path, left, right)], recording(), InboxConfig(agent_channel=1))
    assert roles(channels) == [(0, "customer"), (1, "agent")]
    assert np.array_equal(channels[1].samples, right)


def test_mono_has_unknown_role(tmp_path: Path) -> None:
    channels, flags = assign([audio(tmp_path, noise(), flags=("truncated",))], recording(), InboxConfig())
    assert roles(channels) == [(0, "unknown")]
    assert flags == ("truncated", "mono")


@pytest.mark.parametrize("gain", [1.0, 0.8, -1.0, 1.5])
def test_duplicated_mono_is_one_channel(gain: float, tmp_path: Path) -> None:
    left = noise()
    right = (left * gain + RNG.normal(0, 20, N) + 300).astype("<i2")
    channels, flags = assign([audio(tmp_path, left, right)], recording(), InboxConfig())
    assert roles(channels) == [(0, "unknown")]
    assert flags == ("duplicated_mono",)


def test_silent_channel_is_a_side_not_a_copy(tmp_path: Path) -> None:
    for silent in (np.zeros(N, "<i2"), np.full(N, 500, "<i2")):
        channels, flags = assign([audio(tmp_path, noise(), silent)], recording(), InboxConfig())
        assert roles(channels) == [(0, "agent"), (1, "customer")]
        assert flags == ("silent_channel",)


def test_crosstalk_is_no_copy() -> None:
    a, b = noise(), noise()
    assert not are_same_sound((a * 0.9 + b * 0.2).astype("<i2"), (a * 0.2 + b * 0.9).astype("<i2"))
    assert not are_same_sound(a, (a * 0.1).astype("<i2"))
    assert not are_same_sound(np.zeros(0, "<i2"), np.zeros(0, "<i2"))


def test_common_offset_is_no_common_sound() -> None:
    assert not are_same_sound(noise(10) + np.int16(8000), noise(10) + np.int16(8000))


def test_pair_is_padded_to_one_length(tmp_path: Path) -> None:
    agent, customer = noise(n=16_000 * 60), noise(n=16_000 * 50)
    audios = [audio(tmp_path, agent, name="a"), audio(tmp_path, customer, name="b")]
    channels, flags = assign(audios, recording("pair"), InboxConfig(agent_channel=1))
    assert roles(channels) == [(0, "agent"), (1, "customer")]
    assert [len(channel.samples) for channel in channels] == [16_000 * 60] * 2
    assert np.array_equal(channels[1].samples[: len(customer)], customer)
    assert not channels[1].samples[len(customer) :].any()
    assert flags == ("sides_differ_in_length",)


def test_pair_holding_one_mix_twice_is_duplicated_mono(tmp_path: Path) -> None:
    mix = noise()
    audios = [audio(tmp_path, mix, name="a"), audio(tmp_path, mix, name="b")]
    channels, flags = assign(audios, recording("pair"), InboxConfig())
    assert roles(channels) == [(0, "unknown")]
    assert flags == ("duplicated_mono",)


def test_side_in_a_two_channel_file(tmp_path: Path) -> None:
    sound, other = noise(), noise(500)
    silent = np.zeros(N, "<i2")
    for channels_of_file, expected in (
        ((silent, sound), ()),
        ((sound, sound), ()),
        ((other, sound), ("second_channel_ignored",)),
    ):
        audios = [audio(tmp_path, *channels_of_file, name="a"), audio(tmp_path, noise(), name="b")]
        channels, flags = assign(audios, recording("pair"), InboxConfig())
        assert np.array_equal(channels[0].samples, sound)
        assert flags == expected


def test_lone_side_keeps_its_role(tmp_path: Path) -> None:
    channels, flags = assign([audio(tmp_path, noise())], recording("lone"), InboxConfig())
    assert roles(channels) == [(0, "customer")]
    assert flags == ("one_sided",)


def test_more_channels_count_only_with_sound_of_their_own(tmp_path: Path) -> None:
    a, b, silent = noise(), noise(), np.zeros(N, "<i2")
    channels, _ = assign([audio(tmp_path, a, silent, b, a)], recording(), InboxConfig())
    assert [np.array_equal(c.samples, s) for c, s in zip(channels, (a, b), strict=True)] == [True, True]
    with pytest.raises(InputError) as raised:
        assign([audio(tmp_path, a, b, noise())], recording(), InboxConfig())
    assert raised.value.code == "too_many_channels"
    channels, flags = assign([audio(tmp_path, silent, silent, silent)], recording(), InboxConfig())
    assert roles(channels) == [(0, "unknown")]
    assert flags == ("duplicated_mono",)


def test_empty_pair_does_not_crash(tmp_path: Path) -> None:
    channels, flags = assign([audio(tmp_path, noise(n=1), noise(n=1))], recording(), InboxConfig())
    assert len(channels) == 2
    assert flags == ("silent_channel",)
