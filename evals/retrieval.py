"""How well searches find what was meant: `python -m evals retrieval [--shared PATH]`.

Over one store of the demo calls and, with `--shared`, primock57, stc3 and oasis. Passages that any ranker put among its
first ten were judged from 0 to 3 by readers who did not see which ranker found them. Reported, for each half of the
queries and each corpus: nDCG@10 and the mean reciprocal rank of the first relevant passage, and with 95 % bootstrap
intervals over queries how far the product is above each of the others. Constants are chosen on the half "tuning"
alone; the half "test" says how good they are.

Then whether a clinician's presenting complaint finds a consultation with the same complaint among all of primock57.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from coach.config import StoreConfig
from coach.retrieval.calls import CALL_FUSION
from coach.retrieval.embeddings import load_embedder
from coach.retrieval.fusion import FUSION, Fusion
from coach.retrieval.generations import bring_up_to_date
from coach.retrieval.index import Index
from coach.store import open_store
from evals import retrieval_pool
from evals.retrieval_complaints import GRID as COMPLAINT_GRID
from evals.retrieval_complaints import (
    Complaint,
    baselines,
    left_out,
    product,
    ranks,
    read_complaints,
    recall,
    reciprocal,
)
from evals.retrieval_data import (
    CORPORA,
    PARTS,
    Corpus,
    Judgements,
    Place,
    Query,
    fill,
    read_corpus,
    read_judgements,
    read_queries,
    write_judgements,
)
from evals.retrieval_rankers import Ranker, Shelf, bm25, capped, chroma, dense, fused, lexical
from evals.retrieval_scores import each, mean, ndcg, reciprocal_rank
from evals.retrieval_vectors import KeptEmbedder

PRODUCT = "hybrid"
RANKERS: dict[str, Callable[[Shelf], Ranker]] = {
    PRODUCT: fused,
    "search": capped,
    "dense": dense,
    "lexical": lexical,
    "BM25": bm25,
    "Chroma": chroma,
}
"""`hybrid` is what is compared; `search` is the same with at most a few passages of one call, as people see it."""
GRID = tuple(Fusion(k, 1.0, weight) for k in (5.0, 10.0, 20.0, 60.0) for weight in (0.25, 0.5, 0.75, 1.0, 1.5))

Found = dict[str, dict[str, list[Place]]]
"""By ranker and query id."""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints tables; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals retrieval", description=__doc__)
    parser.add_argument("--shared", type=Path, help="folder with data/primock57, data/stc3 and data/oasis")
    parser.add_argument("--vectors", type=Path, help="file that keeps embeddings from one run to the next (.npz)")
    parser.add_argument("--pool", type=Path, metavar="DIR", help="write what is not judged yet for judges, then stop")
    parser.add_argument("--take", type=Path, metavar="DIR", help="add the judges' answers in DIR to the judgements")
    parser.add_argument("--tune", action="store_true", help="try other fusions on the tuning half")
    options = parser.parse_args(argv)
    judged = read_judgements()
    if options.take:
        print(f"{retrieval_pool.take(options.take, judged)} passages taken")
        write_judgements(judged)
    corpora = CORPORA if options.shared else CORPORA[:1]
    queries = [query for query in read_queries() if query.corpus in corpora]
    embedder = KeptEmbedder(load_embedder(), options.vectors)
    with _shelf(corpora, options.shared, embedder) as shelf:
        rankers = {name: make(shelf) for name, make in RANKERS.items()}
        found = {name: _search(rank, queries) for name, rank in rankers.items()}
        if options.pool:
            _pool(options.pool, queries, found, judged, shelf)
            return 0
        judged = _reachable(judged, shelf)
        _report(queries, found, judged)
        if options.tune:
            _tune([query for query in queries if query.part == "tuning"], judged, shelf)
    if options.shared:
        with _shelf(("primock57",), options.shared, embedder) as shelf:
            _report_complaints(shelf, read_complaints(options.shared))
    return 0


@contextmanager
def _shelf(corpora: Sequence[Corpus], shared: Path | None, embedder: KeptEmbedder) -> Iterator[Shelf]:
    """A store of the corpora in a temporary folder, with its index."""
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder), StoreConfig()) as store:
        for name in corpora:
            print(f"{name}: {fill(store, read_corpus(name, shared), embedder)} passages", flush=True)
        embedder.keep()
        bring_up_to_date(store, Path(folder) / "index")
        yield Shelf.of(store, Index.open(Path(folder) / "index"), embedder)


def _search(rank: Ranker, queries: Sequence[Query]) -> dict[str, list[Place]]:
    return {query.id: rank(query.query) for query in queries}


def _pool(folder: Path, queries: Sequence[Query], found: Found, judged: Judgements, shelf: Shelf) -> None:
    by_query = {query.id: [lists[query.id] for lists in found.values()] for query in queries}
    pooled = retrieval_pool.pool(by_query, judged)
    n_passages = retrieval_pool.write_pool(folder, queries, pooled, shelf.store)
    print(f"{n_passages} passages of {len(pooled)} queries to judge in {folder}")


def _reachable(judged: Judgements, shelf: Shelf) -> Judgements:
    """The judgements of passages that this store holds; the ideal list holds no other."""
    places = set(shelf.places)
    return {
        query: {place: grade for place, grade in grades.items() if place in places} for query, grades in judged.items()
    }


def _report(queries: Sequence[Query], found: Found, judged: Judgements) -> None:
    print(f"\n{sum(map(len, judged.values()))} judgements of passages in this store")
    for name, lists in found.items():
        new = sum(place not in judged.get(query, {}) for query, places in lists.items() for place in places)
        print(f"{name:12}{new:6} of {sum(map(len, lists.values()))} passages were not judged; they count as 0")
    for part in PARTS:
        for corpus in (None, *CORPORA):
            chosen = [q.id for q in queries if q.part == part and corpus in (None, q.corpus)]
            if chosen:
                _table(f"{part}, {corpus or 'all'}", chosen, found, judged)


def _table(title: str, chosen: Sequence[str], found: Found, judged: Judgements) -> None:
    lists = {name: {query: of_queries[query] for query in chosen} for name, of_queries in found.items()}
    gains = {name: each(ndcg, of_queries, judged) for name, of_queries in lists.items()}
    print(f"\n{title}: {len(gains[PRODUCT])} of {len(chosen)} queries have a relevant passage")
    print(f"{'':12}{'nDCG@10':>24}{'MRR@10':>8}   {PRODUCT} above it")
    for name, of_queries in gains.items():
        gain = mean(list(of_queries.values()))
        first = mean(list(each(reciprocal_rank, lists[name], judged).values()))
        above = mean([gains[PRODUCT][query] - value for query, value in of_queries.items()])
        shown = f"{above.value:+.3f} [{above.low:+.3f}, {above.high:+.3f}]" if name != PRODUCT else ""
        print(f"{name:12}{f'{gain.value:.3f} [{gain.low:.3f}, {gain.high:.3f}]':>24}{first.value:8.3f}   {shown}")


def _tune(queries: Sequence[Query], judged: Judgements, shelf: Shelf) -> None:
    """Prints how good every fusion is on these queries, and how far above the ranking by meaning alone."""
    alone = each(ndcg, _search(dense(shelf), queries), judged)
    print(f"\n{len(queries)} tuning queries\n{'k':>5}{'lexical':>9}{'nDCG@10':>9}{'above dense':>26}  not judged")
    for fusion in dict.fromkeys((FUSION, *GRID)):
        found = _search(fused(shelf, fusion), queries)
        gains = each(ndcg, found, judged)
        above = mean([gains[query] - value for query, value in alone.items()])
        new = sum(place not in judged.get(query, {}) for query, places in found.items() for place in places)
        shown = f"{above.value:+.3f} [{above.low:+.3f}, {above.high:+.3f}]"
        mark = "  <- FUSION" if fusion == FUSION else ""
        overall = mean(list(gains.values())).value
        print(f"{fusion.k:5.0f}{fusion.lexical:9.2f}{overall:9.3f}{shown:>26}{new:12}{mark}")


def _report_complaints(shelf: Shelf, complaints: Sequence[Complaint]) -> None:
    print(f"\nprimock57: {len(complaints)} presenting complaints of {len({each.group for each in complaints})} kinds")
    print(f"{'':30}{'recall@5':>24}{'MRR':>24}")
    tried = [ranks(complaints, product(shelf, fusion)) for fusion in COMPLAINT_GRID]
    chosen, which = left_out(tried, complaints)
    rows = {
        "callcoach, left out": chosen,
        "callcoach": ranks(complaints, product(shelf, CALL_FUSION)),
        **{name: ranks(complaints, rank) for name, rank in baselines(shelf).items()},
    }
    for name, found in rows.items():
        shown = (
            f"{f.value:.3f} [{f.low:.3f}, {f.high:.3f}]"
            for f in (recall(found, complaints), reciprocal(found, complaints))
        )
        print(f"{name:30}{''.join(f'{each:>24}' for each in shown)}")
    for setting, n in Counter(which).most_common():
        print(f"  chosen for {n} complaints: {COMPLAINT_GRID[setting]}")
