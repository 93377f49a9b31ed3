"""One idempotent producer, and what became of each record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from ._connection import Refusals, code_of, kafka_error
from ._errors import PublishError
from ._records import RecordPosition
from ._request import Record

_POLL_SECONDS = 0.1


class Sender:
    """Sends records in the order of ``send`` and resolves each with its place once all in-sync replicas have it.

    A producer that has failed for good is replaced: librdkafka's idempotent one never sends again after a fatal error.
    """

    def __init__(self, settings: dict[str, Any], timeout: float) -> None:
        self._refusals = Refusals(settings.get("error_cb"))
        self._settings = {**settings, "error_cb": self._refusals}
        self._timeout = timeout
        self._lock = threading.Lock()
        self._is_closed = False
        self._producer = Producer(self._settings)
        self._poller = threading.Thread(target=self._poll, name="runlane-publisher", daemon=True)
        self._poller.start()

    def send(self, topic: str, record: Record, value: bytes) -> Future[RecordPosition]:
        """Raises PublishError when the record cannot even be queued."""
        future: Future[RecordPosition] = Future()
        # A record that was sent is out of reach: whoever stops waiting for it leaves it running.
        future.set_running_or_notify_cancel()
        headers: list[tuple[str, str | bytes | None]] = [
            ("ce_type", record.type),
            ("content-type", "application/json"),
        ]
        if record.traceparent is not None:
            headers.append(("traceparent", record.traceparent))
        ends_at = time.monotonic() + self._timeout
        while True:
            with self._lock:
                if self._is_closed:
                    raise PublishError("the publisher is closed", code="closed")
                producer = self._producer
                try:
                    producer.produce(topic, value, record.key, headers=headers, on_delivery=self._settle(future))
                    return future
                except BufferError as error:
                    if time.monotonic() > ends_at:
                        raise PublishError("too many records wait for the brokers", code="unavailable") from error
                except KafkaException as error:
                    found = kafka_error(error)
                    if found is None or not found.fatal():
                        raise PublishError(str(error), code=code_of(found)) from error
                    self._producer = Producer(self._settings)
            producer.poll(_POLL_SECONDS)

    def close(self) -> None:
        """Refuses further records and waits for the outcome of those sent before."""
        with self._lock:
            self._is_closed = True
        self._producer.flush(self._timeout)
        self._poller.join()

    def _poll(self) -> None:
        while not self._is_closed:
            self._producer.poll(_POLL_SECONDS)

    def _settle(self, future: Future[RecordPosition]) -> Callable[[KafkaError | None, Message], None]:
        def settle(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                code = code_of(error)
                # Of a longer time ago it would be something else.
                refusal = self._refusals.within(self._timeout) if code == "unavailable" else None
                future.set_exception(
                    PublishError(error.str(), code=code)
                    if refusal is None
                    else PublishError(f"{error.str()}; {refusal.str()}", code="denied")
                )
                return
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None and partition is not None and offset is not None
            future.set_result(RecordPosition(topic, partition, offset))

        return settle
