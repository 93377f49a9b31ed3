"""Knows how runs ended."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from ._decode import TERMINAL_TYPES
from ._generated.models import RunStatusEvent

# Bytes of ends of runs that are kept for those who ask later, by the size of the records.
_MAX_KEPT_BYTES = 32 * 1024 * 1024


class Waiting:
    """One who waits for the end of a run."""

    def __init__(self) -> None:
        self.ended: Future[RunStatusEvent] = Future()
        self.ended.set_running_or_notify_cancel()
        self.last: RunStatusEvent | None = None


class RunWatch:
    """Takes events and hands the ends of runs to those who wait for them, before and after."""

    def __init__(self, max_bytes: int = _MAX_KEPT_BYTES) -> None:
        self._lock = threading.Lock()
        self._max_bytes = max_bytes
        self._kept_bytes = 0
        self._ended: OrderedDict[str, tuple[RunStatusEvent, int]] = OrderedDict()
        self._waiting: dict[str, list[Waiting]] = {}
        self._failure: BaseException | None = None

    def take(self, event: RunStatusEvent, size: int) -> None:
        run_id = event["run_id"]
        with self._lock:
            waiting = list(self._waiting.get(run_id, ()))
            is_end = event["type"] in TERMINAL_TYPES
            if is_end:
                self._keep(event, size)
        for one in waiting:
            one.last = event
            if is_end and not one.ended.done():
                one.ended.set_result(event)

    def wait(self, run_id: str) -> tuple[Waiting, Callable[[], None]]:
        """The second of the two ends the wait."""
        one = Waiting()
        with self._lock:
            known = self._ended.get(run_id)
            if known is not None:
                one.ended.set_result(known[0])
            elif self._failure is not None:
                one.ended.set_exception(self._failure)
            self._waiting.setdefault(run_id, []).append(one)

        def forget() -> None:
            with self._lock:
                of_run = self._waiting.get(run_id, [])
                of_run.remove(one)
                if not of_run:
                    self._waiting.pop(run_id, None)

        return one, forget

    def fail(self, error: BaseException) -> None:
        """Ends all waits, and those to come."""
        with self._lock:
            self._failure = error
            waiting = [one for of_run in self._waiting.values() for one in of_run]
        for one in waiting:
            if not one.ended.done():
                one.ended.set_exception(error)

    def _keep(self, event: RunStatusEvent, size: int) -> None:
        _, earlier = self._ended.pop(event["run_id"], (event, 0))
        self._ended[event["run_id"]] = (event, size)
        self._kept_bytes += size - earlier
        while self._kept_bytes > self._max_bytes:
            _, (_, oldest) = self._ended.popitem(last=False)
            self._kept_bytes -= oldest
