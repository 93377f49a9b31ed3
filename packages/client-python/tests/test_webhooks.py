"""Webhooks that Runlane has signed (npm test writes them down), and what a receiver must refuse."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from runlane_client import WebhookVerificationError, verify_webhook

FILE = os.environ.get("RUNLANE_WEBHOOK_FILE")
pytestmark = pytest.mark.skipif(FILE is None, reason="RUNLANE_WEBHOOK_FILE is not set; npm test sets it")


@pytest.fixture
def webhook() -> Any:
    sample = json.loads(Path(str(FILE)).read_text("utf-8"))
    return {**sample, "body": base64.b64decode(sample["body"])}


def test_each_of_the_keys_verifies(webhook: Any) -> None:
    given = {"url": webhook["url"], "headers": webhook["headers"], "body": webhook["body"], "now": webhook["now"]}
    for keys in (
        {"secrets": webhook["secrets"]},
        {"public_keys": webhook["public_keys"]},
        {"secrets": [webhook["other_secret"], *webhook["secrets"]]},
    ):
        verified = verify_webhook(**given, **keys)
        assert (verified.id, verified.timestamp) == (webhook["headers"]["webhook-id"], webhook["now"])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"webhook-id": None}, "missing_header"),
        ({"webhook-id": "msg.1"}, "malformed_header"),
        ({"webhook-timestamp": "12.0"}, "malformed_header"),
        ({"webhook-timestamp": "1", "now": 1_000}, "too_old"),
        ({"webhook-timestamp": "2000", "now": 1_000}, "too_new"),
        ({"webhook-id": "msg_2"}, "no_match"),
        ({"webhook-signature": "v1,AAAA v1a,AAAA v2,AAAA"}, "no_match"),
        ({"webhook-signature": "v1,junk!"}, "malformed_header"),
    ],
)
def test_what_was_changed_is_refused(webhook: Any, changed: dict[str, Any], code: str) -> None:
    headers = {name: value for name, value in {**webhook["headers"], **changed}.items() if value is not None}
    now = headers.pop("now", webhook["now"])
    with pytest.raises(WebhookVerificationError) as raised:
        verify_webhook(
            headers,
            webhook["body"],
            url=webhook["url"],
            secrets=webhook["secrets"],
            public_keys=webhook["public_keys"],
            now=now,
        )
    assert raised.value.code == code


def test_another_body_and_keys_of_others_are_refused(webhook: Any) -> None:
    for body, secret in ((b"{}", webhook["secrets"][0]), (webhook["body"], webhook["other_secret"])):
        with pytest.raises(WebhookVerificationError):
            verify_webhook(webhook["headers"], body, url=webhook["url"], secrets=[secret], now=webhook["now"])


@pytest.mark.parametrize("url", ["https://victim.example/in", "https://hooks.example.com/of-somebody-else"])
def test_what_was_sent_to_another_url_is_refused(webhook: Any, url: str) -> None:
    with pytest.raises(WebhookVerificationError) as raised:
        verify_webhook(
            webhook["headers"], webhook["body"], url=url, public_keys=webhook["public_keys"], now=webhook["now"]
        )
    assert raised.value.code == "other_receiver"


def test_the_url_may_be_spelled_in_another_way(webhook: Any) -> None:
    given = {"secrets": webhook["secrets"], "now": webhook["now"]}
    verify_webhook(webhook["headers"], webhook["body"], url="HTTPS://HOOKS.example.com:443/in", **given)
    with pytest.raises(ValueError, match="url"):
        verify_webhook(webhook["headers"], webhook["body"], url="hooks.example.com/in", **given)


@pytest.mark.parametrize("keys", [{}, {"secrets": ["whsec_c2hvcnQ="]}, {"public_keys": ["whsec_AAAA"]}])
def test_keys_that_are_none_are_an_error(webhook: Any, keys: Any) -> None:
    with pytest.raises(ValueError, match="whsec_|whpk_"):
        verify_webhook(webhook["headers"], webhook["body"], url=webhook["url"], now=webhook["now"], **keys)
