"""What the client raises. Messages say what was wrong, where, and what to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ._generated.models import RunCreate, RunStatusEvent
from ._records import PublishedRun

PublishErrorCode = Literal["unavailable", "denied", "too_large", "misconfigured", "closed"]
EventsErrorCode = Literal["unavailable", "denied", "misconfigured", "closed"]


class RunlaneClientError(Exception):
    """What all errors of this package are."""


class InvalidRequestError(RunlaneClientError):
    """Runlane would make the request a dead letter; nothing was sent. The message is that of the dead letter.

    ``code`` is what ``dlq.error.code`` would have been, ``index`` the place of the request in its batch.
    """

    def __init__(self, message: str, *, code: str, index: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.index = index


class PublishError(RunlaneClientError):
    """Not all requests of a call are known to be in the log.

    Some of ``unconfirmed`` may be there all the same: publish exactly these again. They have their ``run_id``, so that a
    repeat is the same run and never a second one. ``published`` are those that are in the log.
    """

    def __init__(
        self,
        message: str,
        *,
        code: PublishErrorCode,
        unconfirmed: Sequence[RunCreate] = (),
        published: Sequence[PublishedRun] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.unconfirmed = list(unconfirmed)
        self.published = list(published)

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed later as it is."""
        return self.code in ("unavailable", "denied")


class WaitTimeoutError(RunlaneClientError, TimeoutError):
    """A run has not ended, or not paused, within the time limit. ``last_event`` is the last one of it that was read."""

    def __init__(self, message: str, *, run_id: str, last_event: RunStatusEvent | None) -> None:
        super().__init__(message)
        self.run_id = run_id
        self.last_event = last_event


class RunEndedError(RunlaneClientError):
    """A run that was to pause has ended otherwise, with ``event``."""

    def __init__(self, event: RunStatusEvent) -> None:
        error: Any = event["error"]
        why = "" if error is None else f": {error['message']}"
        reason = "" if event["reason"] is None else f" ({event['reason']})"
        super().__init__(f"Run {event['run_id']} did not pause: it ended with {event['type']}{reason}{why}")
        self.event = event


class EventsError(RunlaneClientError):
    """Events cannot be read: no topic, no broker in time, no permission."""

    def __init__(self, message: str, *, code: EventsErrorCode) -> None:
        super().__init__(message)
        self.code = code


class CommitError(RunlaneClientError):
    """A commit was not confirmed; the event, and those before it that were not committed, will be delivered again."""
