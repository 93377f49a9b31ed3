"""What the client does while its broker is away, and with TLS and SASL. npm test starts that broker, and kills it when told to.

Decides: the errors that are raised, and the records that are in the log afterwards.
"""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from conftest import Topics, eventually, status_event
from confluent_kafka import Consumer, TopicPartition

from runlane_client import (
    CommitError,
    EventsError,
    PublishError,
    RunEvents,
    RunPublisher,
    WaitTimeoutError,
    topic_names,
)

LOSABLE = os.environ.get("RUNLANE_LOSABLE_FILE")
pytestmark = pytest.mark.skipif(LOSABLE is None, reason="RUNLANE_LOSABLE_FILE is not set; npm test sets it")

Failure = TypeVar("Failure", bound=Exception)


class Losable:
    """A broker that can be lost: its addresses, its login, and how to kill it and start it again."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.brokers: list[str] = told["brokers"]
        self.secured: list[str] = told["secured"]
        self.login: dict[str, str] = told["login"]
        self._control: str = told["control"]

    def order(self, what: str) -> None:
        request = urllib.request.Request(f"{self._control}/{what}", method="POST")
        with urllib.request.urlopen(request, timeout=120) as answer:
            assert answer.status == 204


@pytest.fixture(scope="module")
def losable() -> Losable:
    return Losable(json.loads(Path(str(LOSABLE)).read_text()))


@pytest.fixture(scope="module")
def topics(losable: Losable) -> Iterator[Topics]:
    yield Topics(losable.brokers)


def failure_of(kind: type[Failure], call: Callable[[], Any]) -> Failure:
    """The error with which a call ends."""
    with pytest.raises(kind) as raised:
        call()
    return raised.value


def test_tls_and_sasl_go_through_and_a_refusal_is_told_as_one(losable: Losable, topics: Topics) -> None:
    ended = status_event()
    with (
        RunEvents(losable.secured, topic_prefix=topics.prefix, kafka=losable.login) as events,
        RunPublisher(losable.secured, topic_prefix=topics.prefix, kafka=losable.login) as runs,
    ):
        assert runs.create({"thread_id": "secured", "assistant_id": "chat", "input": {}}).thread_id == "secured"
        topics.publish(ended)
        assert events.wait_for(ended["run_id"])["event_id"] == ended["event_id"]

    wrong = {**losable.login, "sasl.password": "guessed"}
    with (
        ThreadPoolExecutor() as pool,
        RunPublisher(losable.secured, topic_prefix=topics.prefix, kafka=wrong, timeout=3) as denied,
    ):
        request = {"thread_id": "t", "assistant_id": "chat", "input": {}}
        publishing = pool.submit(failure_of, PublishError, lambda: denied.create(request))
        opening = pool.submit(
            failure_of,
            EventsError,
            lambda: RunEvents(losable.secured, topic_prefix=topics.prefix, kafka=wrong, timeout=3),
        )
        refusals = [publishing.result(), opening.result()]
    for refusal in refusals:
        assert getattr(refusal, "code", None) == "denied", str(refusal)
        assert "security settings in kafka=" in str(refusal)


def test_a_lost_broker_ends_each_call_and_nothing_is_sent_under_another_id(
    losable: Losable, topics: Topics
) -> None:
    thread_id = str(uuid.uuid4())
    request = {"thread_id": thread_id, "assistant_id": "chat", "input": {}}
    runs = RunPublisher(losable.brokers, topic_prefix=topics.prefix, timeout=2)
    events = RunEvents(losable.brokers, topic_prefix=topics.prefix)
    # A commit may wait for its group as long as the group would wait for this member.
    group = RunEvents(losable.brokers, topic_prefix=topics.prefix, group=f"{topics.prefix}group", patience=6)
    first = runs.create(request)
    topics.publish(status_event())
    handed_out = next(iter(group))
    with pytest.raises(WaitTimeoutError):
        events.wait_for(first, timeout=0.1)

    losable.order("kill")
    with ThreadPoolExecutor() as pool:
        publishing = pool.submit(failure_of, PublishError, lambda: runs.create_batch([request, request]))
        cancelling = pool.submit(failure_of, PublishError, lambda: runs.cancel({"thread_id": thread_id}))
        waiting = pool.submit(failure_of, WaitTimeoutError, lambda: events.wait_for(first, timeout=1))
        opening = pool.submit(
            failure_of, EventsError, lambda: RunEvents(losable.brokers, topic_prefix=topics.prefix, timeout=2)
        )
        committing = pool.submit(failure_of, CommitError, handed_out.commit)
        error = publishing.result()
        assert (error.code, error.is_retryable, error.published) == ("unavailable", True, [])
        assert [one["thread_id"] for one in error.unconfirmed] == [thread_id, thread_id]
        assert (cancelling.result().code, opening.result().code) == ("unavailable", "unavailable")
        assert (waiting.result().run_id, type(committing.result())) == (first.run_id, CommitError)
    for closable in (group, events):
        closable.close()

    losable.order("restart")
    wanted = [one["run_id"] for one in error.unconfirmed]
    confirmed: list[str | None] = []

    def again() -> bool:
        try:
            confirmed.extend(one.run_id for one in runs.create_batch(error.unconfirmed))
        except PublishError:
            return False
        return True

    eventually(again, "the requests are confirmed", seconds=120)
    runs.close()
    assert confirmed == wanted
    assert list(dict.fromkeys(run_ids(losable, topics, thread_id))) == [first.run_id, *wanted]


def run_ids(losable: Losable, topics: Topics, thread_id: str) -> list[str]:
    """Of all runs that were asked for on a thread, in the order of the log."""
    topic = topic_names(topics.prefix).requests
    consumer = Consumer({"bootstrap.servers": ",".join(losable.brokers), "group.id": "reads", "enable.auto.commit": False})
    ends = {number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)[1] for number in range(24)}
    consumer.assign([TopicPartition(topic, number, 0) for number in range(24)])
    seen: list[tuple[int, str]] = []
    count = 0

    def look() -> bool:
        nonlocal count
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            count += 1
            body = json.loads(message.value() or b"{}")
            if message.key() == thread_id.encode() and "assistant_id" in body:
                seen.append((message.offset() or 0, body["run_id"]))
        return count >= sum(ends.values())

    eventually(look, "the requests are read")
    consumer.close()
    return [run_id for _, run_id in sorted(seen)]
