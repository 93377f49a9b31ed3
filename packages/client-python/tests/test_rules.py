"""The words of the client are those of Runlane, for every kind of request (the lines come from scripts/parity.ts)."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from runlane_client import InvalidRequestError
from runlane_client._request import check

PARITY = os.environ.get("RUNLANE_PARITY_FILE")


@pytest.mark.skipif(PARITY is None, reason="RUNLANE_PARITY_FILE is not set; npm test sets it")
def test_says_what_runlane_says() -> None:
    lines = Path(str(PARITY)).read_text("utf-8").strip("\n").split("\n")
    assert len(lines) > 1_000
    for line in lines:
        expected = json.loads(line)
        said: tuple[Any, Any] = (None, None)
        try:
            check(expected["request"], expected["type"])
        except InvalidRequestError as error:
            said = (error.code, str(error))
        assert said == (expected["code"], expected["message"]), line[:500]


def asked(value: Any) -> dict[str, Any]:
    return {"thread_id": "t", "assistant_id": "chat", "input": value}


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ({"a": [1, float("nan")]}, "unstorable_json", r"^input\.a\[1\]: is NaN"),
        ({"a": float("inf")}, "unstorable_json", r"^input\.a: is a number beyond"),
        (10**400, "unstorable_json", r"^input: is a number beyond"),
        ({"at": datetime(2026, 1, 1)}, "unstorable_json", r"^input\.at: is datetime, which JSON does not have"),
        ({1: "a"}, "unstorable_json", r"^input: a name in it is no text"),
        ("a\ud800", "unstorable_json", r"^input: holds a lone surrogate"),
    ],
)
def test_refuses_what_json_does_not_have(value: Any, code: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as raised:
        check(asked(value), "run.create")
    assert raised.value.code == code


def test_refuses_a_circle_and_takes_tuples() -> None:
    circle: dict[str, Any] = {}
    circle["self"] = circle
    with pytest.raises(InvalidRequestError, match="256 levels"):
        check(asked(circle), "run.create")
    assert json.loads(check(asked((1, 2)), "run.create"))["input"] == [1, 2]
