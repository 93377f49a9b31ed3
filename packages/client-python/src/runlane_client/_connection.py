"""Settings that publishers and readers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """librdkafka's settings: those of the caller (TLS, SASL, …) over the defaults, and what Runlane needs over both."""
    return {
        "client.id": client_id,
        "log_level": 3,
        **(kafka or {}),
        "bootstrap.servers": ",".join(brokers),
        **own,
    }


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
