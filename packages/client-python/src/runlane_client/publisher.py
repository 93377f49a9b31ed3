"""Publishes run requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from types import TracebackType
from typing import Any, cast

from typing_extensions import Self, TypedDict

from ._connection import Settings, kafka_settings
from ._errors import PublishError, PublishErrorCode
from ._generated.models import RunCancel, RunCreate
from ._records import PublishedRun, RecordPosition, topic_names
from ._registry import Registry
from ._request import MAX_REQUEST_BYTES, PreparedRun, Record, prepare_cancel, prepare_run
from ._sender import Sender

_GRACE_SECONDS = 5.0

_ADVICE: dict[PublishErrorCode, str] = {
    "unavailable": "Look at the brokers and the registry, and publish exactly error.unconfirmed again: they have a run_id.",
    "denied": "Look at the ACLs of the topic (Write and Describe), and at the security settings in kafka=.",
    "too_large": "Raise max.message.bytes of the topic, or store large content elsewhere and send a reference.",
    "misconfigured": "Correct the settings of the publisher or of the cluster; repeating cannot help.",
    "closed": "Make a new publisher.",
}


class PausedRun(TypedDict):
    """The thread and the assistant of a paused run: its ``run.paused`` event is one."""

    thread_id: str
    assistant_id: str


class _Publisher:
    """What both publishers share: checks, sending, and the result."""

    def __init__(
        self,
        brokers: Sequence[str],
        *,
        topic_prefix: str = "",
        registry_url: str | None = None,
        registry_login: tuple[str, str] | None = None,
        client_id: str = "runlane-client",
        timeout: float = 30.0,
        max_request_bytes: int = MAX_REQUEST_BYTES,
        kafka: Settings | None = None,
    ) -> None:
        """
        :param brokers: ``host:port`` of the brokers to begin with
        :param topic_prefix: RUNLANE_TOPIC_PREFIX of the deployment
        :param registry_url: a Confluent-compatible registry, for which values are framed; None for plain JSON
        :param registry_login: name and password with which the registry is asked
        :param timeout: time limit of a call in seconds
        :param max_request_bytes: RUNLANE_MAX_REQUEST_BYTES of the deployment
        :param kafka: further settings of librdkafka, such as ``security.protocol`` and ``sasl.…``
        """
        self._topic = topic_names(topic_prefix).requests
        self._registry = Registry(registry_url, registry_login)
        self._max_bytes = max_request_bytes - self._registry.frame_bytes
        self._timeout = timeout
        own = {
            # All producers of the topic place a key as Java's default partitioner does.
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "acks": "all",
            "message.timeout.ms": int(timeout * 1000),
            # The topics take 8 MiB; a request above its limit is refused before it comes here.
            "message.max.bytes": 8 * 1024 * 1024 + 64 * 1024,
        }
        self._sender = Sender(kafka_settings(brokers, client_id, kafka, own), timeout)

    def _prepare(self, requests: Sequence[Mapping[str, Any]], traceparent: str | None) -> list[PreparedRun]:
        return [
            prepare_run(request, traceparent=traceparent, max_bytes=self._max_bytes, index=index)
            for index, request in enumerate(requests)
        ]

    def _prepare_cancel(self, request: Mapping[str, Any], traceparent: str | None) -> Record:
        return prepare_cancel(request, traceparent=traceparent, max_bytes=self._max_bytes)

    def _resume_request(
        self, paused: Mapping[str, Any], answer: Any, more: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        fields = dict(more or {})
        command = {**(fields.pop("command", None) or {}), "resume": answer}
        return {"assistant_id": paused["assistant_id"], **fields, "thread_id": paused["thread_id"], "command": command}

    def _send(self, record: Record) -> Future[RecordPosition]:
        try:
            value = self._registry.frame(self._topic, record.schema, record.value)
            return self._sender.send(self._topic, record, value)
        except PublishError as error:
            failed: Future[RecordPosition] = Future()
            failed.set_exception(error)
            return failed

    def _published(
        self, runs: Sequence[PreparedRun], outcomes: Sequence[RecordPosition | BaseException]
    ) -> list[PublishedRun]:
        published: list[PublishedRun] = []
        unconfirmed: list[RunCreate] = []
        failure: BaseException | None = None
        for run, outcome in zip(runs, outcomes):
            if isinstance(outcome, RecordPosition):
                published.append(PublishedRun(**vars(outcome), run_id=run.run_id, thread_id=run.thread_id))
            else:
                unconfirmed.append(run.request)
                failure = failure or outcome
        if failure is None:
            return published
        raise self._error(failure, unconfirmed, published) from failure

    def _error(
        self, cause: BaseException, unconfirmed: Sequence[RunCreate] = (), published: Sequence[PublishedRun] = ()
    ) -> BaseException:
        if isinstance(cause, PublishError):
            code: PublishErrorCode = cause.code
        elif isinstance(cause, FutureTimeoutError):
            code = "unavailable"
        else:
            return cause
        reason = str(cause).rstrip(".") or f"no answer within {self._timeout} s"
        some = f" {len(published)} of {len(published) + len(unconfirmed)} are written." if published else ""
        message = f"Publishing to {self._topic} was not confirmed: {reason}.{some} {_ADVICE[code]}"
        return PublishError(message, code=code, unconfirmed=unconfirmed, published=published)


class RunPublisher(_Publisher):
    """Publishes run requests. Each call returns once all in-sync replicas have the record.

    Safe to use from several threads; the calls of one thread are sent in their order.
    """

    def create(
        self, request: RunCreate | Mapping[str, Any], *, traceparent: str | None = None
    ) -> PublishedRun:
        """Asks for a run; ``langgraph_sdk.schema.RunCreate`` is taken as it is. Without a ``run_id`` it gets one.

        Raises InvalidRequestError before anything is sent, and PublishError when it is not known to be written.
        """
        return self.create_batch([request], traceparent=traceparent)[0]

    def create_batch(
        self, requests: Sequence[RunCreate | Mapping[str, Any]], *, traceparent: str | None = None
    ) -> list[PublishedRun]:
        """Asks for several runs, in this order for those of one thread. All are checked before the first is sent."""
        runs = self._prepare(cast("Sequence[Mapping[str, Any]]", requests), traceparent)
        futures = [self._send(run.record) for run in runs]
        return self._published(runs, [self._outcome(future) for future in futures])

    def resume(
        self,
        paused: PausedRun | Mapping[str, Any],
        answer: Any,
        more: Mapping[str, Any] | None = None,
        *,
        traceparent: str | None = None,
    ) -> PublishedRun:
        """Answers a paused run: a new run of its thread, in which ``interrupt()`` returns the answer.

        :param paused: the ``run.paused`` event, or its thread and assistant
        :param answer: any JSON but null; an object whose names are ids of interrupts answers these alone
        :param more: further fields of the request, such as ``metadata`` or ``webhook``
        """
        return self.create(self._resume_request(paused, answer, more), traceparent=traceparent)

    def cancel(self, request: RunCancel | Mapping[str, Any], *, traceparent: str | None = None) -> RecordPosition:
        """Cancels a run, or all runs of a thread that were asked for before."""
        outcome = self._outcome(self._send(self._prepare_cancel(request, traceparent)))
        if isinstance(outcome, RecordPosition):
            return outcome
        raise self._error(outcome) from outcome

    def close(self) -> None:
        """Refuses further calls, waits for those made before, and disconnects."""
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def _outcome(self, future: Future[RecordPosition]) -> RecordPosition | BaseException:
        # The producer ends every record within its time; the grace is for a process that got no turn.
        try:
            return future.exception(self._timeout + _GRACE_SECONDS) or future.result()
        except FutureTimeoutError as error:
            return error


class AsyncRunPublisher(_Publisher):
    """``RunPublisher`` for asyncio. Calls that are made at once are sent in their order."""

    async def create(
        self, request: RunCreate | Mapping[str, Any], *, traceparent: str | None = None
    ) -> PublishedRun:
        """See ``RunPublisher.create``."""
        return (await self.create_batch([request], traceparent=traceparent))[0]

    async def create_batch(
        self, requests: Sequence[RunCreate | Mapping[str, Any]], *, traceparent: str | None = None
    ) -> list[PublishedRun]:
        """See ``RunPublisher.create_batch``."""
        runs = self._prepare(cast("Sequence[Mapping[str, Any]]", requests), traceparent)
        return self._published(runs, await self._outcomes([run.record for run in runs]))

    async def resume(
        self,
        paused: PausedRun | Mapping[str, Any],
        answer: Any,
        more: Mapping[str, Any] | None = None,
        *,
        traceparent: str | None = None,
    ) -> PublishedRun:
        """See ``RunPublisher.resume``."""
        return await self.create(self._resume_request(paused, answer, more), traceparent=traceparent)

    async def cancel(self, request: RunCancel | Mapping[str, Any], *, traceparent: str | None = None) -> RecordPosition:
        """See ``RunPublisher.cancel``."""
        [outcome] = await self._outcomes([self._prepare_cancel(request, traceparent)])
        if isinstance(outcome, RecordPosition):
            return outcome
        raise self._error(outcome) from outcome

    async def close(self) -> None:
        """See ``RunPublisher.close``."""
        await asyncio.to_thread(self._sender.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _outcomes(self, records: Sequence[Record]) -> list[RecordPosition | BaseException]:
        if self._registry.frame_bytes:
            # The first look at the registry blocks, and so may a queue that is full.
            futures = await asyncio.to_thread(lambda: [self._send(record) for record in records])
        else:
            futures = [self._send(record) for record in records]
        return await asyncio.gather(*(asyncio.wrap_future(future) for future in futures), return_exceptions=True)
