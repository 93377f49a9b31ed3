"""Where records lie, and what is in them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

_RUNLANE_NAMESPACE = uuid.UUID("b6bab330-32f2-562f-b108-8a91fe98b049")


@dataclass(frozen=True)
class RecordPosition:
    """Where a request lies in the log."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class PublishedRun(RecordPosition):
    """A request that is in the log. ``thread_id``: of a stateless run the one that its events will have."""

    run_id: str
    thread_id: str


@dataclass(frozen=True)
class TopicNames:
    """The three topics of a deployment."""

    requests: str
    status: str
    dead_letters: str


def topic_names(prefix: str = "") -> TopicNames:
    """Names of the topics; ``prefix`` is RUNLANE_TOPIC_PREFIX, put in front literally."""
    return TopicNames(f"{prefix}runs.requests.v1", f"{prefix}runs.status.v1", f"{prefix}runs.requests.dlq.v1")


def thread_id_of_stateless_run(run_id: str) -> str:
    """Thread id of a run that was requested without a thread. The case of the run id does not matter."""
    return str(uuid.uuid5(_RUNLANE_NAMESPACE, run_id.lower()))
