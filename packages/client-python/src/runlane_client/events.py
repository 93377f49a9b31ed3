"""Reads status events: all of them, or the end of one run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from types import TracebackType
from typing import Any

from typing_extensions import Self

from ._connection import Settings, kafka_settings
from ._errors import EventsError, RunEndedError, WaitTimeoutError
from ._generated.models import RunStatusEvent
from ._reader import Reader, Received, Start, start_positions
from ._records import PublishedRun, topic_names
from ._watch import RunWatch, Waiting

Run = str | PublishedRun | Mapping[str, Any]

_CLOSED = "These events are closed; open others."


class Delivery:
    """An event to handle, where it lies, and its commit. ``timestamp_ms``: when it was written, Unix time in milliseconds."""

    def __init__(self, received: Received, reader: Reader, group: str | None) -> None:
        self.event: RunStatusEvent = received.event
        self.topic: str = received.topic
        self.partition: int = received.partition
        self.offset: int = received.offset
        self.timestamp_ms: int = received.timestamp_ms
        self._received = received
        self._reader = reader
        self._group = group

    def commit(self) -> None:
        """Tells the group that this event, and all before it in its partition, are done. Without a group it does nothing.

        Raises CommitError when it was not confirmed; the events are then delivered again.
        """
        if self._group is not None:
            self._reader.commit(self._received)


class AsyncDelivery(Delivery):
    """``Delivery`` for asyncio."""

    async def commit(self) -> None:  # type: ignore[override]
        """See ``Delivery.commit``."""
        await asyncio.to_thread(super().commit)


class _Events:
    """What both readers share. Nothing is read before somebody iterates or waits."""

    def __init__(
        self,
        brokers: Sequence[str],
        *,
        group: str | None = None,
        start: Start | None = None,
        topic_prefix: str = "",
        client_id: str = "runlane-client",
        patience: float = 300.0,
        timeout: float = 30.0,
        kafka: Settings | None = None,
    ) -> None:
        """Looks where the topic ends now, so that nothing that happens later is missed.

        :param brokers: ``host:port`` of the brokers to begin with
        :param group: the consumer group whose members share the events, and whose commits say where to go on; None: this
            reader gets all events, and nothing is committed
        :param start: where to begin: a time, ``earliest``, or ``latest``, those after now. With a group it counts on partitions
            that the group has not committed. Default ``earliest`` with a group, ``latest`` without
        :param topic_prefix: RUNLANE_TOPIC_PREFIX of the deployment
        :param patience: seconds that the handling of one event may take before the group goes on without this reader
        :param timeout: seconds that looking may take
        :param kafka: further settings of librdkafka, such as ``security.protocol`` and ``sasl.…``
        :raises EventsError: when the topic is missing, or no broker answers in time
        """
        patience_ms = int(patience * 1000)
        own = {"max.poll.interval.ms": patience_ms, "session.timeout.ms": min(45_000, patience_ms)}
        self._settings = kafka_settings(brokers, client_id, kafka, own)
        self._topic = topic_names(topic_prefix).status
        self._group = group
        begin: Start = start if start is not None else "latest" if group is None else "earliest"
        self._reading, ends = start_positions(self._settings, self._topic, begin, timeout)
        self._watching = dict(self._reading) if group is None else ends
        self._lock = threading.Lock()
        self._is_closed = False
        self._reader: Reader | None = None
        self._watch = RunWatch()
        self._watcher: threading.Thread | None = None

    def _start_reader(self) -> Reader:
        with self._lock:
            if self._is_closed:
                raise EventsError(_CLOSED, code="closed")
            if self._reader is not None:
                raise TypeError("These events are being iterated already; open others for that.")
            self._reader = Reader(self._settings, self._topic, self._reading, self._group)
            return self._reader

    def _end_reader(self, reader: Reader) -> None:
        with self._lock:
            if self._reader is reader:
                self._reader = None
        reader.close()

    def _wait(self, run: Run) -> tuple[str, Waiting, Any]:
        with self._lock:
            if self._is_closed:
                raise EventsError(_CLOSED, code="closed")
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch_runs, name="runlane-events", daemon=True)
                self._watcher.start()
        run_id = (run if isinstance(run, str) else run.run_id if isinstance(run, PublishedRun) else run["run_id"]).lower()
        return run_id, *self._watch.wait(run_id)

    def _watch_runs(self) -> None:
        reader = Reader(self._settings, self._topic, self._watching, None)
        try:
            while (received := reader.take(lambda: not self._is_closed)) is not None:
                self._watch.take(received.event, received.size)
        except BaseException as error:
            self._watch.fail(error)
        finally:
            reader.close()

    def _close(self) -> None:
        with self._lock:
            self._is_closed = True
            reader, watcher = self._reader, self._watcher
        self._watch.fail(EventsError(_CLOSED, code="closed"))
        if reader is not None:
            reader.close()
        if watcher is not None:
            watcher.join()

    def _late(self, run_id: str, waiting: Waiting, timeout: float) -> WaitTimeoutError:
        if waiting.last is None:
            seen = (
                "no event of it was read: look whether the brokers answer, whether it was published to this cluster under "
                "the same topic_prefix, and among the dead letters"
            )
        else:
            seen = f"its last event is {waiting.last['type']}"
        message = f"Run {run_id} has not ended on {self._topic} within {timeout} s; {seen}."
        return WaitTimeoutError(message, run_id=run_id, last_event=waiting.last)


class RunEvents(_Events):
    """Reads the status events. Iterate it for all of them, at least once each; ``wait_for`` for the end of one run, which
    needs no iteration and takes nothing from it."""

    def __iter__(self) -> Iterator[Delivery]:
        """One iteration at a time; a new one goes on behind the last event that was handed out, or with a group behind the last
        commit. Raises EventsError when reading can never go on."""
        reader = self._start_reader()
        try:
            while (received := reader.take(lambda: not self._is_closed)) is not None:
                yield Delivery(received, reader, self._group)
        finally:
            self._end_reader(reader)

    def wait_for(self, run: Run, *, timeout: float = 300.0) -> RunStatusEvent:
        """The event that ends the run, also when it came before this call.

        :param run: its id, or what ``RunPublisher.create`` has returned
        :raises WaitTimeoutError: after ``timeout`` seconds
        :raises EventsError: when events cannot be read
        """
        run_id, waiting, forget = self._wait(run)
        try:
            return waiting.ended.result(timeout)
        except FutureTimeoutError as error:
            raise self._late(run_id, waiting, timeout) from error
        finally:
            forget()

    def wait_for_pause(self, run: Run, *, timeout: float = 300.0) -> RunStatusEvent:
        """The run's ``run.paused``. Raises RunEndedError when it ends otherwise, and what ``wait_for`` raises."""
        return _paused(self.wait_for(run, timeout=timeout))

    def close(self) -> None:
        """Ends the iteration and everything that waits, leaves the group and disconnects."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncRunEvents(_Events):
    """``RunEvents`` for asyncio. Make it with ``await AsyncRunEvents.open(…)``."""

    @classmethod
    async def open(cls, brokers: Sequence[str], **options: Any) -> Self:
        """Takes the arguments of ``RunEvents``, without blocking the event loop."""
        return await asyncio.to_thread(lambda: cls(brokers, **options))

    async def __aiter__(self) -> AsyncIterator[AsyncDelivery]:
        """See ``RunEvents.__iter__``."""
        reader = self._start_reader()
        try:
            while (received := await self._take(reader)) is not None:
                yield AsyncDelivery(received, reader, self._group)
        finally:
            await asyncio.shield(asyncio.to_thread(self._end_reader, reader))

    async def wait_for(self, run: Run, *, timeout: float = 300.0) -> RunStatusEvent:
        """See ``RunEvents.wait_for``."""
        run_id, waiting, forget = self._wait(run)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(waiting.ended), timeout)
        except (FutureTimeoutError, asyncio.TimeoutError) as error:
            raise self._late(run_id, waiting, timeout) from error
        finally:
            forget()

    async def wait_for_pause(self, run: Run, *, timeout: float = 300.0) -> RunStatusEvent:
        """See ``RunEvents.wait_for_pause``."""
        return _paused(await self.wait_for(run, timeout=timeout))

    async def close(self) -> None:
        """See ``RunEvents.close``."""
        await asyncio.to_thread(self._close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _take(self, reader: Reader) -> Received | None:
        is_wanted = True
        taking = asyncio.ensure_future(
            asyncio.to_thread(reader.take, lambda: is_wanted and not self._is_closed),
        )
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            # The thread ends with its next look, and what it has taken meanwhile nobody has seen.
            is_wanted = False
            received = await taking
            if received is not None:
                reader.put_back(received)
            raise


def _paused(event: RunStatusEvent) -> RunStatusEvent:
    if event["type"] != "run.paused":
        raise RunEndedError(event)
    return event
