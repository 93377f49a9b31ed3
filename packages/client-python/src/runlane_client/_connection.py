"""Settings that publishers and readers share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from confluent_kafka import KafkaError, KafkaException

Settings = Mapping[str, Any]

_DENIED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError._AUTHENTICATION,
    KafkaError._SSL,
}
_TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE}
_MISCONFIGURED = {
    KafkaError._INVALID_ARG,
    KafkaError._UNSUPPORTED_FEATURE,
    KafkaError.INVALID_CONFIG,
    KafkaError.INVALID_REQUIRED_ACKS,
    KafkaError.POLICY_VIOLATION,
    KafkaError.TOPIC_EXCEPTION,
}

Code = Literal["unavailable", "denied", "too_large", "misconfigured"]


def kafka_settings(brokers: Sequence[str], client_id: str, kafka: Settings | None, own: Settings) -> dict[str, Any]:
    """librdkafka's settings: the caller's (TLS, SASL, …) override the defaults, and what Runlane needs overrides both."""
    return {
        "client.id": client_id,
        "log_level": 3,
        **(kafka or {}),
        "bootstrap.servers": ",".join(brokers),
        **own,
    }


class Refusals:
    """Refusals by the cluster, or by our side of TLS.

    librdkafka reports them apart from the calls, which then run into their time limit as if nobody had answered.
    """

    def __init__(self, more: Callable[[KafkaError], Any] | None = None) -> None:
        """:param more: the ``error_cb`` of the caller"""
        self._more = more
        self._last: KafkaError | None = None
        self._at = 0.0

    def __call__(self, error: KafkaError) -> None:
        if code_of(error) == "denied":
            self._last, self._at = error, time.monotonic()
        if self._more is not None:
            self._more(error)

    def within(self, seconds: float) -> KafkaError | None:
        """The last refusal, unless it is older than that."""
        return self._last if time.monotonic() - self._at <= seconds else None


def code_of(error: KafkaError | None) -> Code:
    """What an error of Kafka means to a caller."""
    if error is None:
        return "unavailable"
    code = error.code()
    if code in _DENIED:
        return "denied"
    if code in _TOO_LARGE:
        return "too_large"
    return "misconfigured" if code in _MISCONFIGURED or error.fatal() else "unavailable"


def kafka_error(error: KafkaException) -> KafkaError | None:
    """The error in an exception."""
    inner = error.args[0] if error.args else None
    return inner if isinstance(inner, KafkaError) else None
