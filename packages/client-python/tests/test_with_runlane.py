"""With the client an application starts runs of a real Runlane, follows, answers and stops them. npm test starts it."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from runlane_client import AsyncRunEvents, AsyncRunPublisher, RunEvents, RunPublisher

PREFIX = os.environ.get("RUNLANE_TOPIC_PREFIX")
pytestmark = pytest.mark.skipif(PREFIX is None, reason="RUNLANE_TOPIC_PREFIX is not set; npm test sets it")


@pytest.fixture(scope="module")
def events(brokers: list[str]) -> Iterator[RunEvents]:
    with RunEvents(brokers, topic_prefix=str(PREFIX)) as found:
        yield found


@pytest.fixture(scope="module")
def runs(brokers: list[str], registry_url: str) -> Iterator[RunPublisher]:
    with RunPublisher(brokers, topic_prefix=str(PREFIX), registry_url=registry_url) as found:
        yield found


def test_a_run_is_asked_for_and_waited_for(runs: RunPublisher, events: RunEvents) -> None:
    thread_id = str(uuid.uuid4())
    published = runs.create({"thread_id": thread_id, "assistant_id": "lane", "input": {"label": "a", "ms": 0}})
    ended = events.wait_for(published)
    assert (ended["type"], ended["thread_id"], ended["run_id"]) == ("run.succeeded", thread_id, published.run_id)
    stateless = runs.create({"assistant_id": "lane", "input": {"label": "a", "ms": 0}})
    assert events.wait_for(stateless)["thread_id"] == stateless.thread_id


def test_a_run_that_pauses_is_answered_with_its_own_event(runs: RunPublisher, events: RunEvents) -> None:
    published = runs.create(
        {"thread_id": str(uuid.uuid4()), "assistant_id": "parallel", "input": {"labels": ["in"]}}
    )
    paused = events.wait_for_pause(published)
    question = (paused["interrupts"] or [])[0]
    partly = events.wait_for_pause(runs.resume(paused, {question["id"]: "yes"}))
    assert len(partly["interrupts"] or []) == 1
    ended = events.wait_for(runs.resume(partly, "no"))
    assert f'{question["value"]} "yes"' in ended["values"]["labels"]


def test_the_program_of_the_readme_goes_back_and_leaves_questions_alone(
    brokers: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    [program] = [text for text in re.findall(r"^```python\n(.*?)^```$", readme, re.S | re.M) if "letter-7" in text]
    replacements = {
        '["kafka:9092"]': repr(brokers),
        "(brokers)": f"(brokers, topic_prefix={PREFIX!r})",
        "letter-7": str(uuid.uuid4()),
        "approval": "pause",
        "recipient": "question",
    }
    for shown, own in replacements.items():
        program = program.replace(shown, own)
    exec(compile(program, "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "stray: run.rejected interrupted"
    assert re.fullmatch(r"abandoned: \['[0-9a-f]+'\]", lines[1])
    assert lines[2:] == ["again: ['ask']", "used: 0"]


def test_an_event_tells_what_models_have_used(runs: RunPublisher, events: RunEvents) -> None:
    request = {"thread_id": str(uuid.uuid4()), "assistant_id": "metered", "input": {"how": "invoked"}}
    first = events.wait_for(runs.create(request))
    counts = {"calls": 1, "input_tokens": 10, "output_tokens": 4, "cached_tokens": 3, "reasoning_tokens": 2}
    assert first.get("usage") == [{"model": "m-1", **counts, "attempt": counts}]
    assert events.wait_for(runs.create(request))["values"]["count"] == 4
    branch = runs.create({**request, "checkpoint_id": first["checkpoint_id"]})
    assert events.wait_for(branch)["values"]["count"] == 4


def test_a_run_is_cancelled(runs: RunPublisher, events: RunEvents, tmp_path: Path) -> None:
    thread_id = str(uuid.uuid4())
    request = {"thread_id": thread_id, "assistant_id": "gate", "input": {"gate": str(tmp_path / "gate")}}
    first, second = runs.create_batch([request, request])
    runs.cancel({"thread_id": thread_id, "run_id": second.run_id})
    ended = events.wait_for(second)
    assert (ended["type"], ended["reason"]) == ("run.interrupted", "cancelled")
    runs.cancel({"thread_id": thread_id, "action": "rollback"})
    (tmp_path / "gate").write_text("")
    assert events.wait_for(first)["type"] == "run.rolled_back"


def test_asyncio(brokers: list[str]) -> None:
    import asyncio

    async def main() -> str:
        async with (
            await AsyncRunEvents.open(brokers, topic_prefix=PREFIX) as events,
            AsyncRunPublisher(brokers, topic_prefix=str(PREFIX)) as runs,
        ):
            published = await runs.create(
                {"thread_id": str(uuid.uuid4()), "assistant_id": "pause", "input": {"labels": []}}
            )
            paused = await events.wait_for_pause(published)
            return (await events.wait_for(await runs.resume(paused, "go on")))["type"]

    assert asyncio.run(main()) == "run.succeeded"
