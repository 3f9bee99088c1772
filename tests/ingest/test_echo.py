"""The other side's voice in a channel, made by hand: noise in bursts stands for speech."""

import numpy as np
import pytest

from ingest.channels import are_copies
from ingest.echo import find_echo
from ingest.spans import without
from ingest.speech import Span

RATE = 16_000
AGENT = [Span(1, 4), Span(9, 12), Span(17, 20), Span(25, 28)]
CUSTOMER = [Span(5, 8), Span(13, 16), Span(21, 24)]
LENGTH_S = 30


def voice(spans: list[Span], seed: int, level: float = 3000) -> np.ndarray:
    """Noise of the telephone band, as loud as its neighbour 0.1 s on is not, during the spans; float."""
    drawn = np.random.default_rng(seed)
    spectrum = np.fft.rfft(drawn.normal(0, 1, LENGTH_S * RATE))
    hz = np.fft.rfftfreq(LENGTH_S * RATE, 1 / RATE)
    sound = np.fft.irfft(spectrum * ((hz > 300) & (hz < 3400)) / (1 + hz / 500))
    sound *= np.repeat(drawn.uniform(0.3, 1, LENGTH_S * 10), RATE // 10)
    during = np.zeros(LENGTH_S * RATE)
    for span in spans:
        during[round(span.start * RATE) : round(span.end * RATE)] = 1
    return level * during * sound / sound.std()


def echo(sound: np.ndarray, delay_s: float, loss_db: float) -> np.ndarray:
    """Delayed, weaker, coloured by a short room, and in eight bits."""
    room = np.random.default_rng(5).normal(0, 1, 160) * np.exp(-np.arange(160) / 30)
    late = np.convolve(sound, room / np.sqrt((room**2).sum()))[: len(sound)]
    late = np.roll(late, round(delay_s * RATE)) * 10 ** (-loss_db / 20)
    step = np.abs(late).max() / 128
    return np.round(late / step) * step


def recorded(*sounds: np.ndarray, seed: int = 9) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 5, LENGTH_S * RATE)
    return np.clip(np.round(np.sum(sounds, axis=0) + noise), -32768, 32767).astype(np.int16)


def shifted(spans: list[Span], by: float) -> list[Span]:
    return [Span(span.start + by, span.end + by) for span in spans]


def total(spans: list[Span]) -> float:
    return sum(span.length for span in spans)


@pytest.mark.parametrize(("delay_s", "loss_db"), [(0.02, 10), (0.12, 20), (0.5, 30), (0.08, 35), (0.0, 32)])
def test_echo_of_the_agent_is_found_and_the_customers_words_stay(delay_s: float, loss_db: float) -> None:
    agent, customer = voice(AGENT, 1), voice(CUSTOMER, 2)
    sounds = [recorded(agent), recorded(customer, echo(agent, delay_s, loss_db), seed=10)]
    ghosts = shifted(AGENT, delay_s)
    heard = sorted([*CUSTOMER, *ghosts], key=lambda span: span.start)
    of_agent, of_customer = find_echo(sounds, [AGENT, heard])
    assert of_agent == []
    left = without(heard, of_customer)
    assert [span for span in left if span in CUSTOMER] == CUSTOMER
    assert total(left) - total(CUSTOMER) < 0.1 * total(ghosts)


def test_echo_to_both_sides() -> None:
    agent, customer = voice(AGENT, 1), voice(CUSTOMER, 2)
    sounds = [recorded(agent, echo(customer, 0.3, 20)), recorded(customer, echo(agent, 0.1, 15), seed=10)]
    speech = [
        sorted([*AGENT, *shifted(CUSTOMER, 0.3)], key=lambda span: span.start),
        sorted([*CUSTOMER, *shifted(AGENT, 0.1)], key=lambda span: span.start),
    ]
    for spans, echoes, own in zip(speech, find_echo(sounds, speech), (AGENT, CUSTOMER), strict=True):
        assert without(spans, echoes) == own


def test_talking_at_the_same_time_is_no_echo() -> None:
    both = [Span(1, 10), Span(12, 28)]
    assert find_echo([recorded(voice(both, 1)), recorded(voice(both, 2))], [both, both]) == [[], []]


def test_words_over_the_others_echo_stay() -> None:
    agent, customer = voice(AGENT, 1), voice(shifted(AGENT, 0.5), 2)
    sounds = [recorded(agent), recorded(customer, echo(agent, 0.1, 15), seed=10)]
    heard = [Span(span.start + 0.1, span.end + 0.5) for span in AGENT]
    left = without(heard, find_echo(sounds, [AGENT, heard])[1])
    for span in shifted(AGENT, 0.5):
        assert any(kept.start <= span.start + 0.1 and kept.end >= span.end - 0.1 for kept in left)


def test_prompt_heard_on_both_channels_counts_once() -> None:
    prompt = voice(AGENT, 1)
    sounds = [recorded(prompt), recorded(prompt, seed=10)]
    assert [total(spans) for spans in find_echo(sounds, [AGENT, AGENT])] == [0, total(AGENT)]


def test_one_channel_or_a_silent_one_has_no_echo() -> None:
    sound = recorded(voice(AGENT, 1))
    assert find_echo([], []) == []
    assert find_echo([sound], [AGENT]) == [[]]
    assert find_echo([sound, np.zeros_like(sound)], [AGENT, []]) == [[], []]
    assert find_echo([sound[:100], sound[:100]], [[Span(0, 0.006)], [Span(0, 0.006)]]) == [[], []]


@pytest.mark.parametrize(("delay_s", "gain_db"), [(0.0, 0), (0.15, 6), (0.4, 6), (-0.3, 3)])
def test_one_sound_by_two_ways_is_a_copy(delay_s: float, gain_db: float) -> None:
    mix = voice(AGENT, 1) + voice(CUSTOMER, 2)
    assert are_copies(recorded(mix), recorded(echo(mix, delay_s, gain_db), seed=10))


def test_echo_and_two_voices_are_no_copies() -> None:
    agent, customer = voice(AGENT, 1), voice(CUSTOMER, 2)
    clean = recorded(customer)
    assert not are_copies(recorded(agent), clean)
    assert not are_copies(recorded(agent), recorded(customer, echo(agent, 0.1, 10), seed=10))
    crossed = recorded(agent, echo(customer, 0.1, 10)), recorded(customer, echo(agent, 0.1, 10), seed=10)
    assert not are_copies(*crossed)
    assert not are_copies(recorded(agent), recorded(echo(agent, 0.1, 20), seed=10))  # a customer who says nothing
    assert not are_copies(clean, np.zeros_like(clean))
    assert not are_copies(clean[:10], clean[:10])
