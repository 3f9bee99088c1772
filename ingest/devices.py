"""Several devices of one machine, a process each, behind the interface of one transcriber."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from queue import Empty, Full
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from coach.errors import CoachError, ModelError
from ingest.transcribe import CALLS_AHEAD, CallTranscript, Transcriber

if TYPE_CHECKING:
    from ingest.channels import Channel

_LOOK_S = 0.5  # how often it is looked whether the processes still live


class TranscriberPool:
    """A transcriber on each of several devices. Calls go to whichever has room; their sound stays where it lies.

    The processes live as long as one stream, and no longer than this process.
    """

    def __init__(self, load: Callable[[str], Transcriber], devices: Sequence[str], *, name: str, model: str) -> None:
        """`load` is called in each process with its device; it must be picklable. `name`, `model`: the engine's."""
        self.name = name
        self.model = model
        self._load = load
        self._devices = tuple(devices)
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._processes: list[BaseProcess] = []
        self._trouble: BaseException | None = None
        """What went wrong while calls were taken."""

    def transcribe(self, calls: "Sequence[Sequence[Channel]]") -> list[CallTranscript]:
        """As `Transcriber.transcribe`."""
        return [transcript for _, transcript in sorted(self.stream(calls), key=lambda pair: pair[0])]

    def stream(self, calls: "Iterable[Sequence[Channel]]") -> Iterator[tuple[int, CallTranscript]]:
        """As `Transcriber.stream`. Raises what a process raised, and ModelError when one died."""
        waiting: Queue[Any] = self._context.Queue(CALLS_AHEAD)
        done: Queue[Any] = self._context.Queue()
        closed, self._trouble = Event(), None
        self._start(waiting, done)
        feeder = Thread(target=self._feed, args=(calls, waiting, done, closed), name="calls", daemon=True)
        feeder.start()
        try:
            left = len(self._processes) + 1  # each process and the feeder say when they have ended
            while left:
                kind, value = self._next(done)
                if kind == "error":
                    raise value
                if kind == "end":
                    left -= 1
                else:
                    yield value
        finally:
            closed.set()
            self._end()
            feeder.join()
            waiting.cancel_join_thread()  # what nobody took is not waited for

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()
        self._processes = []

    def _start(self, waiting: "Queue[Any]", done: "Queue[Any]") -> None:
        share = max(1, (os.cpu_count() or 1) // len(self._devices))
        for device in self._devices:
            process = self._context.Process(
                target=_work, args=(self._load, device, share, waiting, done), name=f"transcribe-{device}", daemon=True
            )
            process.start()
            self._processes.append(process)

    def _feed(
        self, calls: "Iterable[Sequence[Channel]]", waiting: "Queue[Any]", done: "Queue[Any]", closed: Event
    ) -> None:
        try:
            for item in chain(enumerate(calls), [None] * len(self._devices)):
                if not _put(waiting, item, closed):
                    return
            done.put(("end", None))
        except BaseException as error:
            self._trouble = error

    def _next(self, done: "Queue[Any]") -> tuple[str, Any]:
        while True:
            try:
                kind, value = done.get(timeout=_LOOK_S)
            except Empty:
                if self._trouble is not None:
                    raise self._trouble from None
                for process in self._processes:
                    if process.exitcode:
                        raise ModelError(
                            f"the recogniser's process for {process.name.removeprefix('transcribe-')} died "
                            f"(exit code {process.exitcode}); run again to go on.",
                            code="process_died",
                        ) from None
                continue
            return kind, value


def _put(queue: "Queue[Any]", item: object, closed: Event) -> bool:
    """Waits for room; False when nobody reads any more."""
    while not closed.is_set():
        try:
            queue.put(item, timeout=_LOOK_S)
            return True
        except Full:
            continue
    return False


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(load: Callable[[str], Transcriber], device: str, threads: int, waiting: Any, done: Any) -> None:
    """What a process does: takes calls until it is told that there are no more, or its parent is gone."""
    import torch

    for number in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group: the parent ends after the calls in flight
        signal.signal(number, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    places: list[int] = []

    def calls() -> "Iterator[Sequence[Channel]]":
        while (item := waiting.get()) is not None:
            places.append(item[0])
            yield item[1]

    try:
        for at, transcript in load(device).stream(calls()):
            done.put(("done", (places[at], transcript)))
        done.put(("end", None))
    except CoachError as error:
        done.put(("error", error))
    except Exception as error:
        done.put(("error", RuntimeError(f"{device}: {type(error).__name__}: {error}")))
