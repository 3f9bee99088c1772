"""Runs what makes values in a thread of its own, a few values ahead of whoever takes them."""

from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar, cast

Value = TypeVar("Value")

_LOOK_S = 0.1  # how often a thread that waits for room looks whether it is still wanted


class Prefetch(Generic[Value]):
    """The values of an iterator, made in a thread, at most `ahead` of them waiting. An error is raised where it is met.

    To be closed (it is its own context): the thread ends before the next value that nobody wants.
    """

    def __init__(self, values: Iterator[Value], ahead: int, *, begin: Callable[[], object] = lambda: None) -> None:
        """`begin` is called once in the thread, before the first value."""
        self._queue: Queue[tuple[bool, Value | BaseException | None]] = Queue(ahead)
        self._closed, self._ended = Event(), False
        self._thread = Thread(target=self._work, args=(values, begin), name="prefetch", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Prefetch[Value]":
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=_LOOK_S)
            except Empty:
                continue

    def take(self, *, wait: bool) -> Value | None:
        """The next value; None when none is ready and there is no `wait`, and when there are no more."""
        if self._ended:
            return None
        try:
            good, value = self._queue.get(block=wait)
        except Empty:
            return None
        if good:
            return cast(Value, value)
        self._ended = True
        if value is None:
            return None
        try:
            raise cast(BaseException, value)
        finally:
            del value  # its traceback would hold this frame, and this frame it

    def _work(self, values: Iterator[Value], begin: Callable[[], object]) -> None:
        try:
            begin()
            for value in values:
                if not self._put((True, value)):
                    return
            self._put((False, None))
        except BaseException as error:
            self._put((False, error))

    def _put(self, item: tuple[bool, Value | BaseException | None]) -> bool:
        """False when nobody wants it."""
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=_LOOK_S)
                return not self._closed.is_set()
            except Full:
                continue
        return False
