"""The store: calls, their scores and passages, and the runs that made them, in SQLite or PostgreSQL."""

from coach.store.filters import Filter, Filters, parse_where
from coach.store.lock import writer_lock
from coach.store.migration import migrate
from coach.store.records import (
    AgentCall,
    AgentSummary,
    CallSummary,
    ExemplarPool,
    FileRecord,
    Forgotten,
    Review,
    RunRecord,
    SavedAnswer,
    SavedCitation,
    SavedQuestion,
    ScoreKey,
    StoredExemplar,
    StoredPassage,
    Sums,
)
from coach.store.store import Store, open_store
from coach.store.vocabulary import Vocabulary

__all__ = [
    "AgentCall",
    "AgentSummary",
    "CallSummary",
    "ExemplarPool",
    "FileRecord",
    "Filter",
    "Filters",
    "Forgotten",
    "Review",
    "RunRecord",
    "SavedAnswer",
    "SavedCitation",
    "SavedQuestion",
    "ScoreKey",
    "Store",
    "StoredExemplar",
    "StoredPassage",
    "Sums",
    "Vocabulary",
    "migrate",
    "open_store",
    "parse_where",
    "writer_lock",
]
