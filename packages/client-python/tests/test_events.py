"""What a reader of status events can rely on, on a real broker. Doubled: the events, which are published as a relay publishes them."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import islice

import pytest
from conftest import Topics, eventually, status_event

from runlane_client import (
    AsyncRunEvents,
    CommitError,
    Delivery,
    EventsError,
    RunEndedError,
    RunEvents,
    RunStatusEvent,
    WaitTimeoutError,
)


def events_of(thread_id: str, *sequences: int) -> list[RunStatusEvent]:
    return [status_event(thread_id=thread_id, sequence=sequence) for sequence in sequences]


def take(events: Iterator[Delivery], thread_id: str, count: int) -> list[Delivery]:
    """The next deliveries of the thread; events of other tests are passed over."""
    return list(islice((one for one in events if one.event["thread_id"] == thread_id), count))


def sequences(deliveries: list[Delivery]) -> list[int]:
    return [one.event["sequence"] for one in deliveries]


def test_a_group_goes_on_behind_its_last_commit(brokers: list[str], topics: Topics) -> None:
    thread_id, group = str(uuid.uuid4()), f"group-{uuid.uuid4()}"
    topics.publish(*events_of(thread_id, 1, 2, 3, 4))
    with RunEvents(brokers, group=group, topic_prefix=topics.prefix) as events:
        reading = iter(events)
        first, second, third = taken = take(reading, thread_id, 3)
        assert sequences(taken) == [1, 2, 3]
        second.commit()
        first.commit()  # an older one takes nothing back
    with pytest.raises(CommitError):
        third.commit()
    topics.publish(*events_of(thread_id, 5))
    with RunEvents(brokers, group=group, topic_prefix=topics.prefix) as events:
        assert sequences(take(iter(events), thread_id, 3)) == [3, 4, 5]


def test_a_commit_is_refused_once_another_member_has_the_partition(brokers: list[str], topics: Topics) -> None:
    thread_id, group = str(uuid.uuid4()), f"group-{uuid.uuid4()}"
    topics.publish(*events_of(thread_id, 1))
    with RunEvents(brokers, group=group, topic_prefix=topics.prefix) as one:
        first = iter(one)
        [delivery] = take(first, thread_id, 1)
        with RunEvents(brokers, group=group, topic_prefix=topics.prefix) as other:
            # Both have to look, or the group waits for the one that does not.
            reader = other._start_reader()
            generation = delivery._reader._generation

            def both_look() -> bool:
                end = time.monotonic() + 0.2
                reader.take(lambda: time.monotonic() < end)
                end = time.monotonic() + 0.2
                delivery._reader.take(lambda: time.monotonic() < end)
                return delivery._reader._generation > generation

            eventually(both_look, "the group has rebalanced")
            with pytest.raises(CommitError, match="assigned anew"):
                delivery.commit()


def test_an_event_that_was_published_twice_is_handed_out_once(brokers: list[str], topics: Topics) -> None:
    thread_id = str(uuid.uuid4())
    one, two, three = events_of(thread_id, 1, 2, 3)
    topics.publish(one, two, one, two, three)
    with RunEvents(brokers, start="earliest", topic_prefix=topics.prefix) as events:
        assert sequences(take(iter(events), thread_id, 3)) == [1, 2, 3]


def test_what_is_no_event_is_passed_over_with_a_warning(
    brokers: list[str], topics: Topics, caplog: pytest.LogCaptureFixture
) -> None:
    thread_id = str(uuid.uuid4())
    with RunEvents(brokers, topic_prefix=topics.prefix) as events, caplog.at_level(logging.WARNING, "runlane_client"):
        topics.publish(status_event(thread_id=thread_id, type="run.hibernated"))
        topics.publish_raw(thread_id, b'{"type":')
        topics.publish_raw(thread_id, None)
        topics.publish(*events_of(thread_id, 1))
        assert sequences(take(iter(events), thread_id, 1)) == [1]
    assert len([line for line in caplog.messages if "is skipped" in line]) == 3


def test_without_a_group_reading_begins_at_a_time_and_goes_on_where_it_ended(brokers: list[str], topics: Topics) -> None:
    thread_id = str(uuid.uuid4())
    with RunEvents(brokers, topic_prefix=topics.prefix) as events:
        topics.publish(*events_of(thread_id, 1, 2))
        assert sequences(take(iter(events), thread_id, 1)) == [1]
        [second] = take(iter(events), thread_id, 1)
        assert second.event["sequence"] == 2
        second.commit()
    eventually(lambda: time.time() * 1000 > second.timestamp_ms + 1, "the clock goes on")
    between = datetime.now(timezone.utc)
    topics.publish(*events_of(thread_id, 3, 4))
    with RunEvents(brokers, start=between, topic_prefix=topics.prefix) as events:
        assert sequences(take(iter(events), thread_id, 2)) == [3, 4]


def test_the_wait_for_a_run_sees_ends_before_and_after_it_began(brokers: list[str], topics: Topics) -> None:
    early, late = status_event(), status_event(type="run.failed", status="error", reason="graph_error")
    with RunEvents(brokers, topic_prefix=topics.prefix) as events:
        topics.publish(early)
        assert events.wait_for(early["run_id"].upper()) == early
        with pytest.raises(WaitTimeoutError, match="no event of it was read"):
            events.wait_for(late, timeout=0.01)
        topics.publish(late)
        assert events.wait_for(late) == late
        with pytest.raises(RunEndedError, match=r"ended with run.failed \(graph_error\)"):
            events.wait_for_pause(late)
    with pytest.raises(EventsError) as raised:
        events.wait_for(late)
    assert raised.value.code == "closed"


def test_asyncio(brokers: list[str], topics: Topics) -> None:
    thread_id, group = str(uuid.uuid4()), f"group-{uuid.uuid4()}"
    published = events_of(thread_id, 1, 2)

    async def main() -> None:
        async with await AsyncRunEvents.open(brokers, topic_prefix=topics.prefix, group=group, start="latest") as events:
            topics.publish(*published)
            seen = []
            async for delivery in events:
                seen.append(delivery.event["sequence"])
                await delivery.commit()
                if len(seen) == 2:
                    break
            assert seen == [1, 2]
            ends = await asyncio.gather(*(events.wait_for(event) for event in published))
            assert ends == published
            with pytest.raises(WaitTimeoutError):
                await events.wait_for(str(uuid.uuid4()), timeout=0.01)

    asyncio.run(main())


def test_an_event_is_not_lost_to_a_cancelled_loop(brokers: list[str], topics: Topics) -> None:
    thread_id = str(uuid.uuid4())

    async def first(events: AsyncRunEvents) -> int:
        async for delivery in events:
            if delivery.event["thread_id"] == thread_id:
                return delivery.event["sequence"]
        raise AssertionError("the events ended")

    async def main() -> None:
        async with await AsyncRunEvents.open(brokers, topic_prefix=topics.prefix) as events:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(first(events), 0.05)
            topics.publish(*events_of(thread_id, 7))
            assert await first(events) == 7

    asyncio.run(main())


def test_a_topic_that_is_not_there_and_brokers_that_are_not_are_said_when_it_opens(brokers: list[str]) -> None:
    with pytest.raises(EventsError, match=r"no topic nobody\.runs\.status\.v1: look at topic_prefix"):
        RunEvents(brokers, topic_prefix="nobody.")
    with pytest.raises(EventsError) as raised:
        RunEvents(["127.0.0.1:9"], timeout=0.5)
    assert raised.value.code == "unavailable"
