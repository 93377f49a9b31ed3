"""Reads the status topic: decoded, without repeats."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, Message, TopicPartition

from ._connection import Refusals, code_of, kafka_error
from ._decode import NotAnEvent, RepeatFilter, decode_event
from ._errors import CommitError, EventsError
from ._generated.models import RunStatusEvent

Start = datetime | Literal["earliest", "latest"]
Positions = dict[int, int]

logger = logging.getLogger("runlane_client")

_POLL_SECONDS = 0.1
# What librdkafka gets over by itself.
_PASSING = {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._PARTITION_EOF, KafkaError._RESOLVE}

_MOVING = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.REPLICA_NOT_AVAILABLE,
    KafkaError._UNKNOWN_PARTITION,  # the answer to one request has it already, what the client knows not yet
}


class Received:
    """An event, its position, and the assignment under which it was read."""

    __slots__ = ("event", "topic", "partition", "offset", "timestamp_ms", "size", "generation")

    def __init__(self, event: RunStatusEvent, message: Message, generation: int) -> None:
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None and partition is not None and offset is not None
        self.event = event
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp_ms = message.timestamp()[1]
        self.size = len(message.value() or b"")
        self.generation = generation


class Reader:
    """One consumer. With a group it continues after its commits; otherwise at ``positions``, which it keeps up to date."""

    def __init__(self, settings: dict[str, Any], topic: str, positions: Positions, group: str | None) -> None:
        self._topic = topic
        self._positions = positions
        self._group = group
        self._repeats = RepeatFilter()
        # Counts assignments, so that a commit of an event of an earlier one is told apart.
        self._generation = 0
        self._owned: set[int] = set()
        self._committed: dict[tuple[int, int], int] = {}
        self._lock = threading.Lock()
        self._is_closed = False
        own = {
            "group.id": group if group is not None else f"{settings['client.id']}-reads-without-a-group",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
        }
        self._consumer = Consumer({**settings, **own})
        if group is None:
            self._consumer.assign([TopicPartition(topic, partition, at) for partition, at in positions.items()])
        else:
            self._consumer.subscribe([topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke)

    def take(self, is_wanted: Callable[[], bool]) -> Received | None:
        """The next event; None once it is no longer wanted or the reader is closed. Raises EventsError."""
        while is_wanted():
            with self._lock:
                if self._is_closed:
                    return None
                message = self._poll()
            received = None if message is None else self._received(message)
            if received is not None:
                return received
        return None

    def put_back(self, received: Received) -> None:
        """Lets the next iteration begin with an event that was read and not returned; with a group the commits do that."""
        if self._group is None:
            self._positions[received.partition] = received.offset

    def commit(self, received: Received) -> None:
        """Commits a partition through an event. Raises CommitError."""
        key = (received.generation, received.partition)
        with self._lock:
            if self._is_closed:
                raise CommitError("The events are closed; the event is delivered again.")
            if received.generation != self._generation or received.partition not in self._owned:
                place = f"{received.topic}/{received.partition}"
                raise CommitError(f"{place} has been assigned anew since the event was read; it is delivered again.")
            # A commit of an earlier event must not take back one of a later.
            if received.offset <= self._committed.get(key, -1):
                return
            try:
                offset = TopicPartition(received.topic, received.partition, received.offset + 1)
                self._consumer.commit(offsets=[offset], asynchronous=False)
            except KafkaException as error:
                raise CommitError(f"The commit of an event was not confirmed: {error}") from error
            self._committed[key] = received.offset

    def close(self) -> None:
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._consumer.close()

    def _poll(self) -> Message | None:
        try:
            return self._consumer.poll(_POLL_SECONDS)
        except KafkaException as error:
            code = events_code(code_of(kafka_error(error)))
            raise EventsError(f"The events of {self._topic} cannot be read: {error}", code=code) from error

    def _received(self, message: Message) -> Received | None:
        problem = message.error()
        if problem is not None:
            if problem.code() in _PASSING or problem.retriable() and not problem.fatal():
                return None
            code = code_of(problem)
            if code == "unavailable":
                logger.warning("reading %s goes on after an error: %s", self._topic, problem.str())
                return None
            raise EventsError(f"The events of {self._topic} cannot be read: {problem.str()}", code=events_code(code))
        partition, offset = message.partition(), message.offset()
        assert partition is not None and offset is not None
        if self._group is None:
            self._positions[partition] = offset + 1
        try:
            event = decode_event(message.value())
        except NotAnEvent as reason:
            logger.warning("a record of %s is skipped (%s/%s): %s", self._topic, partition, offset, reason)
            return None
        if self._repeats.is_repeat(event["event_id"], partition, offset):
            return None
        return Received(event, message, self._generation)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # An assignment may still arrive while the consumer is closed; nothing is read of it.
        if self._is_closed:
            return
        self._generation += 1
        self._owned = {found.partition for found in partitions}
        known: Mapping[int, int] = {}
        try:
            if partitions:
                known = {found.partition: found.offset for found in consumer.committed(partitions, timeout=30)}
        except KafkaException as error:
            code = events_code(code_of(kafka_error(error)))
            message = f"The commits of group {self._group} cannot be read: {error}"
            raise EventsError(message, code=code) from error
        for found in partitions:
            if known.get(found.partition, OFFSET_INVALID) < 0 and found.partition in self._positions:
                found.offset = self._positions[found.partition]
        consumer.assign(partitions)

    def _on_revoke(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self._owned = set()


def start_positions(settings: dict[str, Any], topic: str, start: Start, timeout: float) -> tuple[Positions, Positions]:
    """Where reading begins, and where the topic ends now. Raises EventsError."""
    refusals = Refusals(settings.get("error_cb"))
    own = {"group.id": f"{settings['client.id']}-reads-without-a-group", "error_cb": refusals}
    consumer = Consumer({**settings, **own})
    ends_at = time.monotonic() + timeout
    try:
        while True:
            try:
                return _look(consumer, topic, start, ends_at)
            except KafkaException as error:
                found = kafka_error(error)
                # A topic that is new, or whose leader moves, has one in a moment.
                if found is None or found.code() not in _MOVING or time.monotonic() > ends_at:
                    # It is told to those who poll, and not to those whose call has failed.
                    consumer.poll(0)
                    refusal = refusals.within(timeout + 1)
                    code = events_code(code_of(refusal or found))
                    why, where = (
                        (error, "at the brokers")
                        if refusal is None
                        else (refusal.str(), "at the ACLs, and at the security settings in kafka=")
                    )
                    message = f"The events of {topic} cannot be read: {why}. Look {where}."
                    raise EventsError(message, code=code) from error
            time.sleep(0.05)
    finally:
        consumer.close()


def _look(consumer: Consumer, topic: str, start: Start, ends_at: float) -> tuple[Positions, Positions]:
    def left() -> float:
        return max(ends_at - time.monotonic(), 0.1)

    found = consumer.list_topics(topic, timeout=left()).topics[topic]
    if found.error is not None or not found.partitions:
        if code_of(found.error) == "denied":
            raise EventsError(f"Kafka refuses to describe {topic}: {found.error}", code="denied")
        message = f"The cluster has no topic {topic}: look at topic_prefix, or create the topics of Runlane."
        raise EventsError(message, code="misconfigured")
    low: Positions = {}
    high: Positions = {}
    for partition in found.partitions:
        low[partition], high[partition] = consumer.get_watermark_offsets(
            TopicPartition(topic, partition), timeout=left()
        )
    if start == "latest":
        return dict(high), high
    if start == "earliest":
        return low, high
    at = int(start.timestamp() * 1000)
    asked = [TopicPartition(topic, partition, at) for partition in high]
    offsets = {one.partition: one.offset for one in consumer.offsets_for_times(asked, timeout=left())}
    return {partition: at if at >= 0 else high[partition] for partition, at in offsets.items()}, high


def events_code(code: str) -> Literal["unavailable", "denied", "misconfigured"]:
    return "denied" if code == "denied" else "misconfigured" if code == "misconfigured" else "unavailable"
