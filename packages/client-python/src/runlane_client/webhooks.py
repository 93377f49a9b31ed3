"""Verifies webhooks by Standard Webhooks (the TypeScript side: packages/webhooks/src/verify.ts)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v[0-9]+[a-z]?,[A-Za-z0-9+/]+={0,2}( v[0-9]+[a-z]?,[A-Za-z0-9+/]+={0,2}){0,15}")
_DEFAULT_PORTS = {"https": 443, "http": 80}

RefusalCode = Literal["missing_header", "malformed_header", "too_old", "too_new", "no_match", "other_receiver"]


class WebhookVerificationError(Exception):
    """The webhook is not genuine, or not of now: answer 401 and do nothing with it."""

    def __init__(self, message: str, *, code: RefusalCode) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class VerifiedWebhook:
    """A webhook that one of the keys has signed. Drop repeats by ``id``; ``timestamp`` is that of the attempt."""

    id: str
    timestamp: int


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    url: str,
    secrets: Sequence[str] = (),
    public_keys: Sequence[str] = (),
    now: float | None = None,
    tolerance: float = 300,
) -> VerifiedWebhook:
    """Checks that a webhook is genuine and was sent to ``url``.

    The secret is that of all URLs of an origin and the public key that of all receivers: what was sent to another one
    verifies as well, and only the URL tells it apart.

    :param headers: names in any case
    :param body: as it came; one that was parsed and written again does not verify
    :param url: this receiver's own, as it is given as ``webhook`` of runs
    :param secrets: ``whsec_…`` keys, of the origin of the webhook's URL
    :param public_keys: ``whpk_…`` keys; they need ``pip install runlane-client[ed25519]``
    :param now: Unix time of the receiver in seconds
    :param tolerance: how far the timestamp may lie from it
    :raises WebhookVerificationError: when none of the keys has signed it, or too long ago, or it was sent
        to another URL
    :raises ValueError: without a key, for one that is malformed, or when ``url`` is no URL
    """
    checks = [_hmac_check(text) for text in secrets] + [_ed25519_check(text) for text in public_keys]
    if not checks:
        raise ValueError("Verifying needs a whsec_ secret or a whpk_ key.")
    receiver = _normalized(url)
    if receiver is None:
        raise ValueError("url is no absolute URL of http or https.")
    lower = {name.lower(): value for name, value in headers.items()}
    id, timestamp, signature = (lower.get(f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if id is None or timestamp is None or signature is None:
        message = "webhook-id, webhook-timestamp and webhook-signature must all be there."
        raise WebhookVerificationError(message, code="missing_header")
    for name, value, form in (
        ("id", id, _ID),
        ("timestamp", timestamp, _TIMESTAMP),
        ("signature", signature, _SIGNATURE),
    ):
        if form.fullmatch(value) is None:
            message = f"webhook-{name} is malformed, or there more than once."
            raise WebhookVerificationError(message, code="malformed_header")
    seconds, clock = int(timestamp), time.time() if now is None else now
    if seconds < clock - tolerance:
        raise WebhookVerificationError(f"The webhook was signed {int(clock - seconds)} seconds ago.", code="too_old")
    if seconds > clock + tolerance:
        raise WebhookVerificationError(f"The webhook was signed {int(seconds - clock)} seconds ahead.", code="too_new")
    signed = f"{id}.{seconds}.".encode() + (body.encode() if isinstance(body, str) else body)
    if not any(check(part, signed) for part in signature.split(" ") for check in checks):
        raise WebhookVerificationError("No signature matches a given key.", code="no_match")
    if _receiver_of(body) != receiver:
        message = "The webhook is genuine, and was sent to another URL than the given one."
        raise WebhookVerificationError(message, code="other_receiver")
    return VerifiedWebhook(id, seconds)


def _receiver_of(body: bytes | str) -> str | None:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    webhook = event.get("webhook") if isinstance(event, dict) else None
    return _normalized(webhook) if isinstance(webhook, str) else None


def _normalized(url: str) -> str | None:
    """The URL with scheme and host in lower case and without a default port or a fragment; None when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    authority = parts.hostname if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{parts.hostname}:{port}"
    return parts._replace(netloc=authority, path=parts.path or "/", fragment="").geturl()


_Check = Callable[[str, bytes], bool]


def _hmac_check(text: str) -> _Check:
    key = _key_bytes(text, "whsec_")

    def check(part: str, signed: bytes) -> bool:
        expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return hmac.compare_digest(expected, part)

    return check


def _ed25519_check(text: str) -> _Check:
    raw = _key_bytes(text, "whpk_")
    # Here and not above: only who has public keys needs the package.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(raw)

    def check(part: str, signed: bytes) -> bool:
        if not part.startswith("v1a,"):
            return False
        try:
            key.verify(base64.b64decode(part.removeprefix("v1a,")), signed)
        except (InvalidSignature, binascii.Error):
            return False
        return True

    return check


def _key_bytes(text: str, prefix: str) -> bytes:
    try:
        raw = base64.b64decode(text.removeprefix(prefix), validate=True)
    except binascii.Error:
        raw = b""
    if not text.startswith(prefix) or not (len(raw) == 32 if prefix == "whpk_" else 24 <= len(raw) <= 64):
        raise ValueError(f"A key to verify with is no {prefix} key. Print it with the runlane command line.")
    return raw
