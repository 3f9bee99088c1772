"""How fast a large store is searched: `python -m evals retrieval-bench [--passages N] [--shared PATH]`.

A real store with its index, of calls joined anew from the exchanges of real ones, each with metadata; the vector of a
passage is the mean of its turns'. Reported: time to build the index and its size, how much of the exact ten nearest
passages Chroma finds, the time of a search (embedding the query, both rankings, their fusion, reading the hits)
unfiltered and with filters that keep 1, 10 and 50 % of the calls, how that time divides, and what a night's 1,000 new
passages take.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from coach.config import StoreConfig
from coach.retrieval.embeddings import Embedder, load_embedder
from coach.retrieval.generations import bring_up_to_date
from coach.retrieval.index import Index
from coach.retrieval.passages import cut
from coach.retrieval.search import DEPTH as LOOKED_AT
from coach.retrieval.search import by_words, embed_query, search
from coach.store import Filters, Store, open_store, parse_where
from evals.retrieval_complaints import read_complaints
from evals.retrieval_data import fill, read_queries
from evals.retrieval_mixture import FILTERS, PASSAGES_A_CALL, mixed_calls
from evals.retrieval_vectors import KeptEmbedder, TurnwiseEmbedder

N_PASSAGES = 100_000
NIGHT = 1_000
WARM_UP = 20
ROUNDING = 1e-6  # of a product of unit vectors
DEPTH = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals retrieval-bench", description=__doc__)
    parser.add_argument("--passages", type=int, default=N_PASSAGES)
    parser.add_argument("--shared", type=Path, help="folder with data/; default: the demo calls' words alone")
    parser.add_argument("--vectors", type=Path, help="file that keeps embeddings from one run to the next (.npz)")
    parser.add_argument("--data", type=Path, help="folder that is filled once and used again; default: a temporary one")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder) / "data"
        figures = _measure(data, options)
        copy = Path(folder) / "night"
        shutil.copytree(data, copy)
        figures["night"] = _night(copy, options)
    _show(figures)
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def _queries(shared: Path | None) -> list[str]:
    """What people would type, and what patients complain of: all different."""
    found = [query.query for query in read_queries()]
    return found + ([each.words for each in read_complaints(shared)] if shared else [])


def _measure(data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Everything but the night. Fills `data` and builds its index as far as an earlier run did not."""
    embedder = load_embedder()
    queries = _queries(options.shared)
    n_calls = options.passages // PASSAGES_A_CALL
    with open_store(data, StoreConfig()) as store:
        kept = KeptEmbedder(embedder, options.vectors)
        calls = mixed_calls(n_calls, options.shared)
        fill(store, islice(calls, store.count_calls(), None), TurnwiseEmbedder(kept))
        kept.keep()
        build_s, built = _timed(lambda: bring_up_to_date(store, data / "index"))
        index = Index.open(data / "index")
        return {
            "load": round(os.getloadavg()[0], 1),
            "cores": os.cpu_count(),
            "passages": len(store.passage_ids()),
            "calls": store.count_calls(),
            "queries": len(queries),
            "index_build_s": round(build_s, 1) if built else None,
            "index_mb": _megabytes(data / "index"),
            "store_mb": sum(path.stat().st_size for path in data.iterdir() if path.is_file()) >> 20,
            "recall_at_10": round(_recall(store, index, embedder, queries), 4),
            "search_ms": _latencies(store, index, embedder, queries),
            "parts_ms": _parts(store, index, embedder, queries),
        }


def _night(data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """What NIGHT passages more take, without their scoring and embedding."""
    n_calls, n_new = options.passages // PASSAGES_A_CALL, NIGHT // PASSAGES_A_CALL
    new = [*islice(mixed_calls(n_calls + n_new, options.shared), n_calls, None)]
    embedder = KeptEmbedder(load_embedder(), options.vectors)
    embedder.embed([line for call in new for span in cut(call.turns) for line in span.text.split("\n")])
    with open_store(data, StoreConfig()) as store:
        save_s, n_added = _timed(lambda: fill(store, iter(new), TurnwiseEmbedder(embedder)))
        index_s, _ = _timed(lambda: bring_up_to_date(store, data / "index"))
    return {"passages": n_added, "save_s": round(save_s, 1), "index_s": round(index_s, 1)}


def _megabytes(folder: Path) -> int:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20)


def _show(figures: dict[str, Any]) -> None:
    night = figures["night"]
    built = "" if figures["index_build_s"] is None else f" built in {figures['index_build_s']} s"
    print(f"{figures['passages']} passages of {figures['calls']} calls; {figures['queries']} queries")
    print(f"{figures['cores']} cores, {figures['load']} processes waiting for them")
    print(f"index{built}, {figures['index_mb']} MB; store {figures['store_mb']} MB")
    print(f"{night['passages']} passages more: saved in {night['save_s']} s, index built in {night['index_s']} s")
    print(f"Chroma finds {figures['recall_at_10']:.2%} of the exact {DEPTH} nearest")
    print(f"\n{'milliseconds':24}{'p50':>8}{'p95':>8}{'of them computing':>20}")
    for name, row in figures["search_ms"].items():
        print(f"{f'filter: {name}':24}{_shown(row)}   keeps {row['calls_kept']:.1%} of the calls")
    for name, row in figures["parts_ms"].items():
        print(f"{f'  {name}':24}{_shown(row)}")


def _shown(row: dict[str, float]) -> str:
    return f"{row['p50']:8.1f}{row['p95']:8.1f}{row['cpu_p50']:10.1f}{row['cpu_p95']:10.1f}"


def _recall(store: Store, index: Index, embedder: Embedder, queries: Sequence[str]) -> float:
    """The share of the DEPTH nearest that Chroma's first DEPTH make up.

    What Chroma gives counts where it is as near as the exact DEPTH-th: of equal passages, of which the mixture has many
    (the same turns again), either may be named.
    """
    generation = index.generation()
    assert generation is not None
    found = 0
    for query in queries:
        vector = embed_query(store, embedder, query)
        assert vector is not None
        scores = generation.matrix @ vector
        rows = np.searchsorted(generation.ids, generation.vectors.nearest(vector, DEPTH))
        found += int((scores[rows] >= np.partition(scores, -DEPTH)[-DEPTH] - ROUNDING).sum())
    return found / (DEPTH * len(queries))


def _latencies(store: Store, index: Index, embedder: Embedder, queries: Sequence[str]) -> dict[str, dict[str, float]]:
    """Of whole searches, by filter: milliseconds, and the share of calls it keeps."""
    wheres: dict[str, Filters] = {"none": ()}
    wheres |= {name: parse_where([text]) for name, text in FILTERS.items()}
    figures = {}
    for name, where in wheres.items():
        run = _searches(store, index, embedder, where)
        kept = store.count_calls(where) / store.count_calls()
        figures[name] = {"calls_kept": round(kept, 4), **_quantiles(run, queries)}
    return figures


def _searches(store: Store, index: Index, embedder: Embedder, where: Filters) -> Callable[[str], object]:
    return lambda query: search(store, index, embedder, query, DEPTH, where)


def _parts(store: Store, index: Index, embedder: Embedder, queries: Sequence[str]) -> dict[str, dict[str, float]]:
    """Of an unfiltered search, each step by itself."""
    view = index.view(store)
    vectors = dict(zip(queries, embedder.embed(queries), strict=True))
    steps: dict[str, Callable[[str], object]] = {
        "embedding the query": lambda query: embedder.embed([query]),
        "by meaning": lambda query: view.nearest(vectors[query], LOOKED_AT),
        "by words": lambda query: by_words(store, view, query, None),
    }
    return {name: _quantiles(step, queries) for name, step in steps.items()}


def _quantiles(run: Callable[[str], object], queries: Sequence[str]) -> dict[str, float]:
    """Milliseconds of the runs over all queries, after WARM_UP that are not counted: waited, and computed.

    `cpu` is the time of all threads of this process: where others want the cores too, it is what stays comparable.
    """
    for query in queries[:WARM_UP]:
        run(query)
    times = np.empty((len(queries), 2))
    for row, query in enumerate(queries):
        began, busy = time.perf_counter(), time.process_time()
        run(query)
        times[row] = time.perf_counter() - began, time.process_time() - busy
    wall, cpu = (1000 * np.percentile(column, (50, 95)) for column in times.T)
    found = {"p50": wall[0], "p95": wall[1], "cpu_p50": cpu[0], "cpu_p95": cpu[1]}
    return {name: round(float(value), 1) for name, value in found.items()}


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and what came of it."""
    began = time.perf_counter()
    result = run()
    return time.perf_counter() - began, result
