"""The servers that the tests use: npm test gives their addresses."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from runlane_client import RunStatusEvent, topic_names


@pytest.fixture(scope="session")
def brokers() -> list[str]:
    return os.environ["KAFKA_BROKERS"].split(",")


class Topics:
    """Topics of Runlane under a prefix of their own, and somebody who publishes events as a relay does."""

    def __init__(self, brokers: list[str]) -> None:
        self.prefix = f"t{uuid.uuid4().hex[:8]}."
        names = topic_names(self.prefix)
        self.status = names.status
        admin = AdminClient({"bootstrap.servers": ",".join(brokers)})
        for created in admin.create_topics([NewTopic(names.requests, 24), NewTopic(names.status, 24)]).values():
            created.result()
        self._producer = Producer({"bootstrap.servers": ",".join(brokers), "partitioner": "murmur2_random"})

    def publish(self, *events: RunStatusEvent) -> None:
        for event in events:
            self.publish_raw(event["thread_id"], json.dumps(event).encode())

    def publish_raw(self, key: str, value: bytes | None) -> None:
        failures: list[Any] = []
        self._producer.produce(self.status, value, key, on_delivery=lambda error, _: failures.append(error))
        self._producer.flush(30)
        assert failures == [None]


@pytest.fixture(scope="module")
def topics(brokers: list[str]) -> Iterator[Topics]:
    yield Topics(brokers)


def status_event(**fields: Any) -> RunStatusEvent:
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    event: Any = {
        "event_id": str(uuid.uuid4()),
        "type": "run.succeeded",
        "sequence": 3,
        "occurred_at": now,
        "run_id": str(uuid.uuid4()),
        "thread_id": str(uuid.uuid4()),
        "assistant_id": str(uuid.uuid4()),
        "graph_id": "lane",
        "attempt": 1,
        "multitask_strategy": "enqueue",
        "metadata": {},
        "created_at": now,
        "updated_at": now,
        "run_started_at": now,
        "run_ended_at": now,
        "status": "success",
        "thread_status": "idle",
        "reason": None,
        "superseded_by": None,
        "blocked_by": None,
        "interrupts": None,
        "interrupts_omitted": False,
        "next": [],
        "checkpoint_id": None,
        "values": {"answer": 42},
        "values_omitted": False,
        "error": None,
        "webhook": None,
        **fields,
    }
    return event  # type: ignore[no-any-return]


def eventually(look: Callable[[], bool], what: str, seconds: float = 30) -> None:
    ends_at = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < ends_at, f"not within {seconds} s: {what}"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def registry_url() -> str:
    return os.environ["SCHEMA_REGISTRY_URL"]
