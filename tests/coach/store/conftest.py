"""Every test that asks for `place` or `store` runs on SQLite and on PostgreSQL.

PostgreSQL is the server that CALLCOACH_TEST_POSTGRES names (a URL whose user may create databases), else one started
for the session from an installed package. Without either its cases are skipped, under CI=true they fail.
"""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, make_url, text

from coach.config import StoreConfig
from coach.store import Store, migrate, open_store, schema
from coach.types import (
    Call,
    Cue,
    Evidence,
    Metadata,
    Passage,
    Question,
    Score,
    Scorecard,
    Segment,
    SummarySentence,
    Turn,
)


@dataclass(frozen=True)
class Place:
    """Where a store can be opened."""

    data_dir: Path
    config: StoreConfig

    @property
    def is_sqlite(self) -> bool:
        return self.config.url is None

    def open(self) -> Store:
        return open_store(self.data_dir, self.config)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place without a store, on each database."""
    if request.param == "sqlite":
        yield Place(tmp_path / "data", StoreConfig())
        return
    with _new_database(request.getfixturevalue("postgresql_server")) as url:
        yield Place(tmp_path / "data", StoreConfig(url=url))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store on each database."""
    config = StoreConfig()
    if request.param == "postgresql":
        config = StoreConfig(url=request.getfixturevalue("emptied_database"))
    with open_store(tmp_path / "data", config) as opened:
        yield opened


@pytest.fixture(scope="session")
def migrated_database(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of one PostgreSQL database with the store's tables, which tests use in turn."""
    with _new_database(postgresql_server) as url:
        migrate(tmp_path_factory.mktemp("postgresql"), StoreConfig(url=url))
        yield url


@pytest.fixture
def emptied_database(migrated_database: str) -> str:
    """The same with nothing in its tables."""
    engine = create_engine(make_url(migrated_database).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(schema.metadata.tables)} RESTART IDENTITY CASCADE"))
        connection.execute(text("INSERT INTO counters VALUES ('content_version', 0)"))
    engine.dispose()
    return migrated_database


@contextmanager
def _new_database(server_url: str) -> Iterator[str]:
    server = make_url(server_url)
    name = f"callcoach_test_{uuid.uuid4().hex}"
    admin = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store on SQLite only."""
    with open_store(tmp_path / "data", StoreConfig()) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a PostgreSQL server for tests."""
    given = os.environ.get("CALLCOACH_TEST_POSTGRES")
    if given:
        yield given
        return
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        _give_up("no PostgreSQL: neither CALLCOACH_TEST_POSTGRES nor /usr/lib/postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # initdb refuses root
        try:
            shutil.chown(folder, "postgres")
        except LookupError:
            _give_up("PostgreSQL cannot run as root, and there is no user postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    try:
        yield from _served(folder, programs[-1].parent, as_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _served(folder: Path, programs: Path, as_user: list[str]) -> Iterator[str]:
    data = str(folder / "data")
    # Only a Unix socket: no port to collide on. No fsync: nothing here outlives the tests.
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c full_page_writes=off"

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        if done.returncode:
            _give_up(f"{program} failed: {done.stderr.strip()[-500:]}")

    call("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
    call("pg_ctl", "start", "-w", "-D", data, "-l", str(folder / "log"), "-o", options)
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        call("pg_ctl", "stop", "-w", "-D", data, "-m", "immediate")


def _give_up(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def make_call() -> Callable[..., Call]:
    """Makes small calls that differ: `make_call("id", agent="Ann", texts=("Hi?", "Hello."), passages=2)`."""

    def make(
        call_id: str, *, texts: tuple[str, ...] = ("How can I help?", "My bill."), passages: int = 1, **metadata: object
    ) -> Call:
        turns = tuple(
            Turn("agent" if i % 2 == 0 else "customer", said, float(i), i + 0.9) for i, said in enumerate(texts)
        )
        vector = np.zeros(4, dtype=np.float32)
        vector[len(call_id) % 4] = 1
        return Call(
            id=call_id,
            metadata=Metadata(**metadata),  # type: ignore[arg-type]
            turns=turns,
            recording_sha256=f"{call_id:0>64}",
            source=f"{call_id}.wav",
            duration_s=float(len(texts)),
            passages=tuple(Passage(0, 1, 0.0, 1.9, " ".join(texts[:2]), vector) for _ in range(passages)),
        )

    return make


@pytest.fixture
def rich_call(make_call: Callable[..., Call]) -> Call:
    """A call that uses every field, with text in several scripts."""
    question = Question(0, 6, 24, 0.4, "what does it mean?", "open", "impact", 0.91, 0.83, unsure=True)
    shares = Score("open_share", 0.5, "share", "Open of all.", n=1, of=2, evidence=(Evidence(0, 0.4, "what"),))
    nothing = Score("hold_s", None, "s", "Does not apply.")
    pair = Score("impact_count", 1.0, "count", "Impact.", evidence=(Evidence(0, 0.4, "a"), Evidence(2, None)))
    return replace(
        make_call("Ruf-42"),
        metadata=Metadata(
            call_id="Ruf-42",
            started_at=datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC),
            medium="chat",
            agent="Zoë O'Neil",
            team="北",
            customer='"quoted"; DROP TABLE calls',
            segment="",
            product="fibre 100 %",
            queue="a_b",
            csat=4.5,
            resolved=False,
            churned=True,
            sold=None,
            handle_time_s=0.0,
            extra={"Zeta": "1", "alpha": "😀", "": "no name", "a.b'\"c": "$.x"},
        ),
        turns=(
            Turn("agent", "Okay: what does it mean?", 0.25, 1.5, speaker="SPK_0"),
            Turn("customer", "Ärger — 漢字 😀\n\tline", 1.5, None),
            Turn("unknown", "", None, None, at=datetime(2026, 2, 3, 5, 0, tzinfo=UTC)),
        ),
        source="Ruf-42_agent.wav + Ruf-42_customer.wav",
        duration_s=123.456,
        flags=("truncated", "one_sided"),
        dropped=(
            Segment(1, "customer", 3.0, 4.0, "thank you thank you", -1.5, 0.9, 7.5, "loop"),
            Segment(0, "agent", 5.0, 6.0, "you", dropped="silence"),
        ),
        engine="whisper",
        model="base",
        language="en",
        audio="0123abcd.ogg",
        role_confidence=0.875,
        swapped=True,
        questions=(question,),
        cues=(Cue("impact_stated", 1, 0, 5, 1.5, "Ärger", 0.75),),
        measures=(shares, nothing, pair),
        scorecards=(
            Scorecard("discovery", "ab" * 32, 0.5, (replace(shares, section="impact", weight=2.0, fatal=True),)),
            Scorecard("北", "cd" * 32, None, ()),
        ),
        summary=(
            SummarySentence("reason", "Ärger — 漢字", (1,)),
            SummarySentence("open_promise", "it", (0, 2), "summarise-call v1 (ab), m"),
        ),
        scored_by="head 1",
        passages=(
            Passage(0, 1, 0.25, 1.5, "Okay … Ärger", np.array([0.6, -0.8, 0, 1e-30], dtype=np.float32)),
            Passage(2, 2, None, None, "漢字", np.array([1, 0, 0, 0], dtype=np.float32)),
        ),
    )
