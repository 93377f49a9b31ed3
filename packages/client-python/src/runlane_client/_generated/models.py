# Generated from packages/contracts by npm run generate.
from __future__ import annotations

from typing import Any, Literal, Union

from typing_extensions import NotRequired, TypedDict


class RunCreateConfig(TypedDict):
    tags: NotRequired[Union[list[str], None]]
    """A list of texts."""
    recursion_limit: NotRequired[Union[int, None]]
    """A whole number from 1."""
    configurable: NotRequired[Union[dict[str, Any], None]]
    """An object: configuration the graph reads. Reserved keys are rejected."""


class RunCreateCommandGoto(TypedDict):
    node: str
    input: NotRequired[Any]


class RunCreateCommand(TypedDict):
    resume: NotRequired[Any]
    """Any JSON value but null: what interrupt() returns in the paused node. Needs a thread."""
    update: NotRequired[Union[Union[dict[str, Any], list[list[Any]]], None]]
    """An object, or a list of [name, value] pairs, to write into the state."""
    goto: NotRequired[Union[Union[str, RunCreateCommandGoto, list[Union[str, RunCreateCommandGoto]]], None]]
    """A node name, an object {node, input}, or a list of these."""


class RunCreate(TypedDict):
    thread_id: NotRequired[Union[str, None]]
    """A text of 1 to 255 code points without control characters, or null for a stateless run."""
    assistant_id: str
    """The UUID of an assistant, or a graph name: a text, required."""
    input: NotRequired[Any]
    """Any JSON value; null continues from the checkpoint."""
    metadata: NotRequired[Union[dict[str, Any], None]]
    """An object, merged into run and checkpoint metadata."""
    config: NotRequired[Union[RunCreateConfig, None]]
    """An object of tags, recursion_limit and configurable."""
    context: NotRequired[Union[dict[str, Any], None]]
    """An object: the graph's runtime context. Not with config.configurable."""
    checkpoint_id: NotRequired[Union[str, None]]
    """The id of a checkpoint of the thread, a text."""
    interrupt_before: NotRequired[Union[Union[Literal["*"], list[str]], None]]
    """A list of node names, or "*" for every node."""
    interrupt_after: NotRequired[Union[Union[Literal["*"], list[str]], None]]
    """A list of node names, or "*" for every node."""
    webhook: NotRequired[Union[str, None]]
    """An absolute URL of at most 65536 characters."""
    multitask_strategy: NotRequired[Union[Literal["enqueue", "reject", "interrupt", "rollback"], None]]
    """One of "enqueue" (default), "reject", "interrupt", "rollback"."""
    run_id: NotRequired[Union[str, None]]
    """A UUID (8-4-4-4-12 hexadecimal digits) that makes the request idempotent."""
    command: NotRequired[Union[RunCreateCommand, None]]
    """An object of resume, update and goto, at least one. Not with input."""
    if_not_exists: NotRequired[Union[Literal["create", "reject"], None]]
    """One of "create" (default), "reject": whether the run may create the thread."""
    if_thread_status: NotRequired[Union[list[Literal["idle", "busy", "interrupted", "error"]], None]]
    """A list of at least one of idle, busy, interrupted, error: the run is refused when its thread has another status."""
    on_completion: NotRequired[Union[Literal["delete", "keep"], None]]
    """One of "delete" (default), "keep": the fate of a stateless run's thread."""
    after_seconds: NotRequired[Union[float, None]]
    """Seconds to wait before the run joins its lane: a number from 0 to 315360000 (ten years)."""
    durability: NotRequired[Union[Literal["async", "sync", "exit"], None]]
    """One of "async" (default), "sync", "exit"."""
    webhook_events: NotRequired[Union[list[Literal["run.pending", "run.running", "run.succeeded", "run.paused", "run.failed", "run.timed_out", "run.interrupted", "run.rolled_back", "run.rejected"]], None]]
    """A list of at least one of run.pending, run.running, run.succeeded, run.paused, run.failed, run.timed_out, run.interrupted, run.rolled_back, run.rejected. Default: the terminal ones."""


class RunCancel(TypedDict):
    thread_id: NotRequired[Union[str, None]]
    """The thread, a text of 1 to 255 code points without control characters; null for a stateless run."""
    run_id: NotRequired[Union[str, None]]
    """The run to cancel, a UUID (8-4-4-4-12 hexadecimal digits); null for all runs of the thread that have not ended."""
    action: NotRequired[Union[Literal["interrupt", "rollback"], None]]
    """One of "interrupt" (default), "rollback"."""


class RunStatusEventInterrupts(TypedDict):
    id: str
    value: Any
    response_schema: NotRequired[Any]


class RunStatusEventUsageAttempt(TypedDict):
    calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int


class RunStatusEventUsage(TypedDict):
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    attempt: RunStatusEventUsageAttempt


class RunStatusEventError(TypedDict):
    error: str
    """The kind of error, a text."""
    message: str
    """What went wrong, a text."""
    stack: NotRequired[str]
    """Where the graph threw it, with its causes, a text."""
    thread_status: NotRequired[str]
    """With the reason thread_status: the status that the thread had, a text."""


class RunStatusEvent(TypedDict):
    event_id: str
    """Identifies the event, also when it is delivered again: drop duplicates by it."""
    type: Literal["run.pending", "run.running", "run.succeeded", "run.paused", "run.failed", "run.timed_out", "run.interrupted", "run.rolled_back", "run.rejected"]
    """What happened."""
    sequence: int
    """Counts the run's events from 1 without gaps."""
    occurred_at: str
    """When it happened: RFC 3339 in UTC with Z, like all times here."""
    run_id: str
    """The run, a UUID."""
    thread_id: str
    """The thread; for a stateless run an id derived from the run id."""
    assistant_id: str
    """The assistant."""
    graph_id: Union[str, None]
    """The graph; null when the assistant is unknown."""
    attempt: int
    """The number of the last attempt at executing the run: 0 until the first start. It never falls."""
    multitask_strategy: Literal["enqueue", "reject", "interrupt", "rollback"]
    """The strategy of the run."""
    metadata: dict[str, Any]
    """Metadata of the request, an object."""
    metadata_omitted: NotRequired[bool]
    """Whether metadata was left out because of its size."""
    created_at: str
    """When the run was admitted or refused."""
    updated_at: str
    """When the run last changed."""
    run_started_at: Union[str, None]
    """When the first attempt started."""
    run_ended_at: Union[str, None]
    """When the run ended."""
    status: Literal["pending", "running", "success", "error", "timeout", "interrupted", "rollback", "rejected"]
    """Status of the run."""
    thread_status: Union[Literal["idle", "busy", "interrupted", "error"], None]
    """Status of the thread; null if there is no thread."""
    reason: Union[str, None]
    """A code for why the run ended in this way; later versions may have more codes."""
    superseded_by: Union[str, None]
    """The run that superseded this one."""
    blocked_by: Union[str, None]
    """The run because of which this one was refused."""
    interrupts: Union[list[RunStatusEventInterrupts], None]
    """A list of {id, value, response_schema?}: pauses that wait for an answer."""
    interrupts_omitted: bool
    """Whether interrupts were left out because of their size."""
    interrupts_lossy: NotRequired[bool]
    """Whether interrupts had something that JSON cannot express."""
    next: Union[list[str], None]
    """Nodes that would run next, a list of texts."""
    checkpoint_id: Union[str, None]
    """The head checkpoint."""
    values: Any
    """What the graph returned, any JSON value."""
    values_omitted: bool
    """Whether values were left out because of their size."""
    values_lossy: NotRequired[bool]
    """Whether values had something that JSON cannot express."""
    usage: NotRequired[Union[list[RunStatusEventUsage], None]]
    """Calls and tokens of each model, in total and in the last attempt."""
    abandoned_interrupts: NotRequired[Union[list[str], None]]
    """Ids of questions that were open when the run began with an input, a list of texts."""
    error: Union[RunStatusEventError, None]
    """An object with error, which is the kind, and message; also stack, if the deployment reports it."""
    webhook: Union[str, None]
    """The URL to which this event is delivered, or null."""


class WebhookNotice(TypedDict):
    event_id: str
    """Identifies the event, also when it is delivered again: drop duplicates by it."""
    type: Literal["webhook.url_failing", "webhook.url_parked", "webhook.url_paused", "webhook.url_disabled", "webhook.url_recovered", "webhook.origin_parked", "webhook.origin_paused", "webhook.origin_recovered"]
    """What has changed."""
    occurred_at: str
    """When it changed, RFC 3339 in UTC."""
    origin: str
    """Scheme, host and port of the receiver."""
    url_hash: Union[str, None]
    """SHA-256 of the URL in hex; null if the whole origin changed."""
    reason: Union[str, None]
    """A code for why a URL is disabled; later versions may have more codes."""
