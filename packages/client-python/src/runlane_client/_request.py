"""Makes the record of a request."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from ._errors import InvalidRequestError
from ._generated.models import RunCreate
from ._json import json_of
from ._records import thread_id_of_stateless_run
from ._rules import RequestName, problems_of

RequestType = Literal["run.create", "run.cancel"]

MAX_REQUEST_BYTES = 4 * 1024 * 1024
_MAX_METADATA_BYTES = 1024 * 1024
_SCHEMA_OF_TYPE: dict[RequestType, RequestName] = {"run.create": "RunCreate", "run.cancel": "RunCancel"}


@dataclass(frozen=True)
class Record:
    """A request to be sent. ``key`` is None for nothing that Runlane takes."""

    type: RequestType
    schema: RequestName
    key: str
    value: bytes
    traceparent: str | None


@dataclass(frozen=True)
class PreparedRun:
    """A run request, complete with its id."""

    request: RunCreate
    run_id: str
    thread_id: str
    record: Record


def check(request: Any, type: RequestType, index: int = 0) -> str:
    """The request as JSON. Raises InvalidRequestError with the words of the dead letter that it would become."""
    text = json_of(request, index)
    problems = problems_of(request, _SCHEMA_OF_TYPE[type])
    if problems:
        raise InvalidRequestError(" ".join(problems), code="invalid_request", index=index)
    if type == "run.create" and request.get("metadata") is not None:
        if len(json_of(request["metadata"], index).encode()) > _MAX_METADATA_BYTES:
            message = f"metadata takes more than {_MAX_METADATA_BYTES} bytes in each event. Shorten it."
            raise InvalidRequestError(message, code="too_large", index=index)
    return text


def prepare_run(
    request: Mapping[str, Any], *, traceparent: str | None, max_bytes: int, index: int = 0
) -> PreparedRun:
    """Checks a run request and gives it a ``run_id`` when it has none."""
    complete: Any = request
    if isinstance(request, Mapping):
        complete = {**request, "run_id": request.get("run_id") or str(uuid.uuid4())}
        if request.get("run_id") == "":
            complete["run_id"] = ""
    value = _bytes(check(complete, "run.create", index), max_bytes, index)
    run_id = cast(str, complete["run_id"]).lower()
    thread_id = complete.get("thread_id")
    # A stateless run goes by its run_id, so that a cancel of it is in order with it.
    key = run_id if thread_id is None else thread_id
    record = Record("run.create", "RunCreate", key, value, traceparent)
    return PreparedRun(complete, run_id, thread_id or thread_id_of_stateless_run(run_id), record)


def prepare_cancel(request: Mapping[str, Any], *, traceparent: str | None, max_bytes: int) -> Record:
    """Checks a cancel."""
    value = _bytes(check(request, "run.cancel"), max_bytes, 0)
    thread_id, run_id = request.get("thread_id"), request.get("run_id")
    key = cast(str, run_id).lower() if thread_id is None else thread_id
    return Record("run.cancel", "RunCancel", key, value, traceparent)


def _bytes(text: str, max_bytes: int, index: int) -> bytes:
    value = text.encode()
    if len(value) > max_bytes:
        raise InvalidRequestError(
            f"The value has {len(value)} bytes; at most {max_bytes} are taken (RUNLANE_MAX_REQUEST_BYTES). "
            "Store large content elsewhere and send a reference.",
            code="too_large",
            index=index,
        )
    return value
