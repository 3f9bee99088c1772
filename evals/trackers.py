"""How well cues are found: `python -m evals trackers [--shared PATH]`.

Each shipped tracker is judged on sentences that were written apart from its examples, at its shipped threshold, beside
three baselines; its own examples are judged by heads that never saw them. With `--shared`: `reflection` against
AnnoMI's experts, customers' dissatisfaction against stc3's judges, and how often each tracker speaks in ordinary
conversations (primock57, oasis). Intervals are 95 % bootstrap, of whole transcripts or dialogues where there are any.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from coach.plain import plain
from coach.retrieval.embeddings import Embedder, load_embedder
from coach.trackers import CueFinder, Tracker, load_trackers
from coach.trackers.head import cross_validate, f1
from coach.trackers.stretches import stretch_spans
from coach.trackers.tracker import SPEAKERS
from coach.trackers.wording import LAYERS, load_wording
from evals.clustered import interval, resamples
from evals.cues_data import Sentence, read_calls, read_reflections, read_satisfaction, read_sentences

Measure = Callable[[np.ndarray, np.ndarray], float]
DISSATISFIED = (
    "leaving",
    "confusion",
    "cause_fix_failed",
    "cause_hard_to_reach",
    "cause_long_wait",
    "cause_promise_broken",
    "cause_repeat_contact",
    "cause_rude",
    "cause_wrong_information",
)
"""Cues of a customer who is not content; one score: the probability that at least one of them was said."""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the tables; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals trackers", description=__doc__)
    parser.add_argument("--shared", type=Path, help="folder with data/annomi, data/stc3, data/primock57, data/oasis")
    options = parser.parse_args(argv)
    trackers = load_trackers()
    wording = load_wording()
    began = time.process_time()
    finder = CueFinder(wording, trackers)
    print(f"{len(trackers)} trackers fitted in {time.process_time() - began:.2f} s of processor time")
    report_sentences(finder, load_embedder())
    if options.shared:
        report_reflections(finder, options.shared)
        report_satisfaction(finder, options.shared)
        report_rates(finder, options.shared)
    report_speed(finder)
    return 0


def report_sentences(finder: CueFinder, subjects: Embedder) -> None:
    """F1 of each tracker on its evaluation set, by style, beside baselines and its own held-out examples."""
    rows = []
    print(
        f"\n{'evaluation sentences':26}{'F1':>20} written spoken precision recall  own examples  phrases nearest always"
    )
    for tracker in finder.trackers:
        sentences = read_sentences(tracker.name)
        truth = np.array([one.cue for one in sentences])
        found = _found(finder, tracker, [one.text for one in sentences])
        spoken = np.array([one.style == "spoken" for one in sentences])
        own = finder.rows(tracker)
        row = [
            f1(truth, found),
            f1(truth[~spoken], found[~spoken]),
            f1(truth[spoken], found[spoken]),
            float((truth & found).sum() / max(1, found.sum())),
            float((truth & found).sum() / truth.sum()),
            f1(own.truth, cross_validate(own)[1]),
            f1(truth, _by_phrases(tracker, sentences)),
            f1(truth, _by_nearest(tracker, sentences, subjects)),
            f1(truth, np.ones(len(truth), dtype=bool)),
        ]
        rows.append(row)
        low, high = interval(_drawn(f1, truth, found), resamples(range(len(truth))))
        cells = "".join(f"{value:8.3f}" for value in row[1:])
        print(f"{tracker.name:26}{row[0]:6.3f} [{low:.3f}, {high:.3f}]{cells}")
    table = np.array(rows)
    for name, values in (("median", np.median(table, axis=0)), ("least", table.min(axis=0))):
        print(f"{name:26}{values[0]:6.3f} {'':14}" + "".join(f"{value:8.3f}" for value in values[1:]))


def _found(finder: CueFinder, tracker: Tracker, texts: Sequence[str]) -> np.ndarray:
    column = finder.of(tracker.speaker).index(tracker)
    likely = finder.probabilities(texts, tracker.speaker)[:, column]
    return np.asarray(likely >= finder.thresholds(tracker.speaker)[column])


def _by_phrases(tracker: Tracker, sentences: Sequence[Sentence]) -> np.ndarray:
    return np.array([any(f" {plain(p)} " in f" {plain(one.text)} " for p in tracker.phrases) for one in sentences])


def _by_nearest(tracker: Tracker, sentences: Sequence[Sentence], subjects: Embedder) -> np.ndarray:
    """Whether the nearest example by the encoder's own sentence vectors is a positive one."""
    examples = subjects.embed([*tracker.positive, *tracker.negative])
    closest = (subjects.embed([one.text for one in sentences]) @ examples.T).argmax(axis=1)
    return np.asarray(closest < len(tracker.positive))


def report_reflections(finder: CueFinder, shared: Path) -> None:
    """Reflections in counselling, by utterance, against the experts."""
    utterances = read_reflections(shared)
    truth = np.array([one.reflection >= 0.5 for one in utterances])
    tracker = next(one for one in finder.trackers if one.name == "reflection")
    column = finder.of("agent").index(tracker)
    threshold = finder.thresholds("agent")[column]
    likely = _most_of(finder, [one.text for one in utterances])[:, column]
    openings = ("so you", "it sounds", "sounds like", "so it", "you re ", "you feel", "you want", "so what you")
    rule = np.array([plain(one.text).replace("'", " ").startswith(openings) for one in utterances])
    groups = [one.transcript for one in utterances]
    print(f"\nreflections in AnnoMI: {truth.sum()} of {len(truth)} utterances in {len(set(groups))} transcripts")
    for name, found in (("tracker", likely >= threshold), ("opening words", rule), ("always", np.ones_like(rule))):
        for figure, measure in (("F1", f1), ("kappa", cohen_kappa_score)):
            low, high = interval(_drawn(measure, truth, found), resamples(groups))
            print(f"  {name:14}{figure:6}{measure(truth, found):6.3f} [{low:.3f}, {high:.3f}]")
    low, high = interval(_drawn(roc_auc_score, truth, likely), resamples(groups))
    print(f"  {'tracker':14}{'AUC':6}{roc_auc_score(truth, likely):6.3f} [{low:.3f}, {high:.3f}]")


def _most_of(finder: CueFinder, texts: Sequence[str]) -> np.ndarray:
    """(texts, agents' trackers): the highest probability of any stretch of each text; 0 of one without words."""
    spans = [(row, text[a:b]) for row, text in enumerate(texts) for a, b in stretch_spans(text)]
    likely = finder.probabilities([text for _, text in spans], "agent")
    most = np.zeros((len(texts), likely.shape[1]))
    np.maximum.at(most, [row for row, _ in spans], likely)
    return most


def report_satisfaction(finder: CueFinder, shared: Path) -> None:
    """Rank correlation of customers' dissatisfaction cues with how satisfied judges found them."""
    dialogues = read_satisfaction(shared)
    satisfaction = np.array([one.satisfaction for one in dialogues])
    columns = [column for column, one in enumerate(finder.of("customer")) if one.name in DISSATISFIED]
    spans = [
        (row, turn.text[a:b])
        for row, one in enumerate(dialogues)
        for turn in one.turns
        if turn.role == "customer"
        for a, b in stretch_spans(turn.text)
    ]
    likely = finder.probabilities([text for _, text in spans], "customer")[:, columns]
    most = np.zeros((len(dialogues), len(columns)))
    np.maximum.at(most, [row for row, _ in spans], likely)
    words = [sum(len(turn.text.split()) for turn in one.turns if turn.role == "customer") for one in dialogues]
    scores = {"cues": 1 - (1 - most).prod(axis=1), "customer's words": np.array(words, dtype=float)}
    print(f"\nsatisfaction in stc3, {len(dialogues)} dialogues: Spearman's rank correlation")
    for name, score in scores.items():
        low, high = interval(_drawn(spearman, score, satisfaction), resamples(range(len(dialogues))))
        print(f"  {name:18}{spearman(score, satisfaction):6.3f} [{low:.3f}, {high:.3f}]")


def report_rates(finder: CueFinder, shared: Path) -> None:
    """Sentences in a hundred that each tracker finds a cue in, in conversations that mostly carry none."""
    rates = {}
    for corpus in ("primock57", "oasis"):
        calls = read_calls(shared, corpus)
        for speaker in SPEAKERS:
            texts = [t.text[a:b] for call in calls for t in call if t.role == speaker for a, b in stretch_spans(t.text)]
            found = finder.probabilities(texts, speaker) >= finder.thresholds(speaker)
            names = [tracker.name for tracker in finder.of(speaker)]
            rates[corpus, speaker] = len(texts), dict(zip(names, 100 * found.mean(axis=0), strict=True))
    print("\ncues in 100 sentences of ordinary conversations")
    for speaker in SPEAKERS:
        (n, first), (m, second) = rates["primock57", speaker], rates["oasis", speaker]
        print(f"  {speaker:26}{f'primock57 ({n})':>20}{f'oasis ({m})':>20}")
        for name in first:
            print(f"  {name:26}{first[name]:20.1f}{second[name]:20.1f}")


def report_speed(finder: CueFinder) -> None:
    """Sentences of the evaluation sets found through in a second."""
    texts = sorted({one.text for tracker in finder.trackers for one in read_sentences(tracker.name)})[:1000]
    began = time.perf_counter(), time.process_time()
    for speaker in SPEAKERS:
        finder.probabilities(texts, speaker)
    wall, spent = time.perf_counter() - began[0], time.process_time() - began[1]
    n = len(texts) * len(SPEAKERS)
    print(f"\n{n} sentences: {n / wall:.0f} a second, {n / spent:.0f} a second of processor time ({LAYERS} layers)")


def spearman(left: np.ndarray, right: np.ndarray) -> float:
    return float(spearmanr(left, right).statistic)


def _drawn(measure: Measure, left: np.ndarray, right: np.ndarray) -> Callable[[np.ndarray], float]:
    """The measure of some rows of both."""
    return lambda rows: measure(left[rows], right[rows])
