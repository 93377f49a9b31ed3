"""Reads records of the status topic."""

from __future__ import annotations

import json
from collections import OrderedDict
from importlib import resources
from typing import Any

from jsonschema import Draft7Validator

from ._generated.models import RunStatusEvent

EVENT_TYPES = (
    "run.pending",
    "run.running",
    "run.succeeded",
    "run.paused",
    "run.failed",
    "run.timed_out",
    "run.interrupted",
    "run.rolled_back",
    "run.rejected",
)
TERMINAL_TYPES = frozenset(EVENT_TYPES[2:])

_MAX_REMEMBERED = 50_000


class NotAnEvent(Exception):
    """A record that this version cannot use; the message says what it is."""


def decode_event(value: bytes | None) -> RunStatusEvent:
    """The event in a record, framed for a registry or not. Raises NotAnEvent."""
    if value is None:
        raise NotAnEvent("it has no value")
    try:
        event: Any = json.loads(value[5:] if value[:1] == b"\0" else value)
    except ValueError as error:
        raise NotAnEvent(f"its value ({len(value)} bytes) is not JSON") from error
    if isinstance(event, dict) and isinstance(event.get("type"), str) and event["type"] not in EVENT_TYPES:
        raise NotAnEvent(f"its type {event['type'][:100]!r} is not known to this version")
    problem = next(iter(_EVENT.iter_errors(event)), None)
    if problem is not None:
        place = ".".join(str(name) for name in problem.absolute_path) or "RunStatusEvent"
        raise NotAnEvent(f"{place} does not fit the schema of RunStatusEvent")
    decoded: RunStatusEvent = event
    return decoded


class RepeatFilter:
    """Knows the events that were published twice.

    The same record read again is no repeat: it comes again because nobody has committed it.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def is_repeat(self, event_id: str, partition: int, offset: int) -> bool:
        earlier = self._seen.get(event_id)
        if earlier is not None:
            return earlier != (partition, offset)
        self._seen[event_id] = (partition, offset)
        if len(self._seen) > _MAX_REMEMBERED:
            self._seen.popitem(last=False)
        return False


def _load() -> Draft7Validator:
    text = resources.files("runlane_client._generated").joinpath("event.schema.json").read_text("utf-8")
    return Draft7Validator(json.loads(text))


_EVENT = _load()
