"""Start, answer and cancel LangGraph runs over Kafka, read their events, verify their webhooks."""

from ._errors import (
    CommitError,
    EventsError,
    InvalidRequestError,
    PublishError,
    RunEndedError,
    RunlaneClientError,
    WaitTimeoutError,
)
from ._generated.models import RunCancel, RunCreate, RunStatusEvent
from ._records import PublishedRun, RecordPosition, TopicNames, thread_id_of_stateless_run, topic_names
from .events import AsyncDelivery, AsyncRunEvents, Delivery, RunEvents
from .publisher import AsyncRunPublisher, PausedRun, RunPublisher
from .webhooks import VerifiedWebhook, WebhookVerificationError, verify_webhook

__all__ = [
    "AsyncDelivery",
    "AsyncRunEvents",
    "AsyncRunPublisher",
    "CommitError",
    "Delivery",
    "EventsError",
    "InvalidRequestError",
    "PausedRun",
    "PublishError",
    "PublishedRun",
    "RecordPosition",
    "RunCancel",
    "RunCreate",
    "RunEndedError",
    "RunEvents",
    "RunPublisher",
    "RunStatusEvent",
    "RunlaneClientError",
    "TopicNames",
    "VerifiedWebhook",
    "WaitTimeoutError",
    "WebhookVerificationError",
    "thread_id_of_stateless_run",
    "topic_names",
    "verify_webhook",
]
