"""What a publisher promises, on a real broker. What decides are the records that are in the log."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from conftest import Topics, eventually
from confluent_kafka import Consumer, Message, TopicPartition
from langgraph_sdk.schema import RunCreate as SdkRunCreate

from runlane_client import (
    AsyncRunPublisher,
    InvalidRequestError,
    PublishError,
    PublishedRun,
    RecordPosition,
    RunPublisher,
    thread_id_of_stateless_run,
)


def asked(thread_id: str, **fields: Any) -> dict[str, Any]:
    return {"thread_id": thread_id, "assistant_id": "chat", "input": {}, **fields}


def read(brokers: list[str], position: RecordPosition) -> Message:
    """The record at a place."""
    consumer = Consumer({"bootstrap.servers": ",".join(brokers), "group.id": "reads", "enable.auto.commit": False})
    consumer.assign([TopicPartition(position.topic, position.partition, position.offset)])
    found: list[Message] = []

    def look() -> bool:
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            found.append(message)
        return bool(found)

    eventually(look, "the record is read")
    consumer.close()
    return found[0]


def test_a_record_lies_where_the_call_says(brokers: list[str], topics: Topics) -> None:
    thread_id = str(uuid.uuid4())
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    with RunPublisher(brokers, topic_prefix=topics.prefix) as runs:
        published = runs.create(asked(thread_id), traceparent=trace)
        cancel = runs.cancel({"thread_id": thread_id, "run_id": published.run_id})
    message = read(brokers, published)
    assert message.key() == thread_id.encode()
    assert json.loads(message.value() or b"") == asked(thread_id, run_id=published.run_id)
    headers = dict(message.headers() or [])
    assert headers == {"ce_type": b"run.create", "content-type": b"application/json", "traceparent": trace.encode()}
    cancelled = read(brokers, cancel)
    assert dict(cancelled.headers() or [])["ce_type"] == b"run.cancel"
    assert (cancelled.partition(), cancelled.key()) == (published.partition, thread_id.encode())


def test_takes_a_request_of_the_langgraph_sdk_as_it_is(brokers: list[str], topics: Topics) -> None:
    request = SdkRunCreate(
        thread_id="sdk",
        assistant_id="chat",
        input={"messages": []},
        metadata=None,
        config={"tags": ["a"], "recursion_limit": 5, "configurable": {"model": "m"}},
        context=None,
        checkpoint_id=None,
        interrupt_before=None,
        interrupt_after=["tools"],
        webhook=None,
        multitask_strategy="interrupt",
    )
    with RunPublisher(brokers, topic_prefix=topics.prefix) as runs:
        published = runs.create(request)
    assert json.loads(read(brokers, published).value() or b"") == {**request, "run_id": published.run_id}


def test_a_stateless_run_goes_by_its_id(brokers: list[str], topics: Topics) -> None:
    run_id = "6F9D1A52-36C5-4BB0-8F5E-5D1B2F0A7C11"
    with RunPublisher(brokers, topic_prefix=topics.prefix) as runs:
        published = runs.create({"assistant_id": "chat", "run_id": run_id})
        cancel = runs.cancel({"run_id": run_id})
    assert (published.run_id, published.thread_id) == (run_id.lower(), thread_id_of_stateless_run(run_id))
    assert read(brokers, published).key() == run_id.lower().encode()
    assert cancel.partition == published.partition


def test_an_answer_names_the_thread_and_the_assistant_of_the_pause(brokers: list[str], topics: Topics) -> None:
    paused = {"thread_id": "t", "assistant_id": "approval", "type": "run.paused"}
    with RunPublisher(brokers, topic_prefix=topics.prefix) as runs:
        published = runs.resume(paused, {"approved": True}, {"metadata": {"by": "me"}, "command": {"goto": "a"}})
        with pytest.raises(InvalidRequestError, match="command: is empty"):
            runs.resume(paused, None)
    assert json.loads(read(brokers, published).value() or b"") == {
        "thread_id": "t",
        "assistant_id": "approval",
        "metadata": {"by": "me"},
        "command": {"goto": "a", "resume": {"approved": True}},
        "run_id": published.run_id,
    }


def test_a_batch_is_checked_before_any_of_it_is_sent(brokers: list[str], topics: Topics) -> None:
    thread_id = str(uuid.uuid4())
    with RunPublisher(brokers, topic_prefix=topics.prefix) as runs:
        with pytest.raises(InvalidRequestError, match='has unknown fields: "threadId"') as raised:
            runs.create_batch([asked(thread_id), asked(thread_id, threadId="t")])
        assert (raised.value.code, raised.value.index) == ("invalid_request", 1)
        with pytest.raises(InvalidRequestError, match="at most 4194304 are taken"):
            runs.create(asked(thread_id, input="x" * 5 * 1024 * 1024))
        published = runs.create_batch([asked(thread_id, input="x" * 3 * 1024 * 1024) for _ in range(2)])
    assert [one.offset for one in published] == [published[0].offset, published[0].offset + 1]


def test_asyncio_keeps_the_order_of_a_thread(brokers: list[str], topics: Topics) -> None:
    thread_id = str(uuid.uuid4())

    async def main() -> list[PublishedRun]:
        async with AsyncRunPublisher(brokers, topic_prefix=topics.prefix) as runs:
            published = await asyncio.gather(*(runs.create(asked(thread_id)) for _ in range(100)))
            await runs.cancel({"thread_id": thread_id})
            return published

    offsets = [one.offset for one in asyncio.run(main())]
    assert offsets == list(range(offsets[0], offsets[0] + 100))


@pytest.mark.skipif("RUNLANE_KEYS_FILE" not in os.environ, reason="RUNLANE_KEYS_FILE is not set; npm test sets it")
def test_a_key_comes_to_the_partition_that_every_producer_gives_it(brokers: list[str], topics: Topics) -> None:
    expected = json.loads(Path(os.environ["RUNLANE_KEYS_FILE"]).read_text("utf-8"))
    with RunPublisher(brokers, topic_prefix=topics.prefix) as runs:
        published = runs.create_batch([asked(key) for key, _ in expected])
    assert [[one.thread_id, one.partition] for one in published] == expected


def test_a_broker_that_is_away_ends_a_call_in_time_and_the_request_keeps_its_id(brokers: list[str]) -> None:
    with RunPublisher(["127.0.0.1:9"], timeout=0.5) as runs:
        with pytest.raises(PublishError, match="publish exactly error.unconfirmed again") as raised:
            runs.create(asked("t"))
    assert (raised.value.code, raised.value.is_retryable, raised.value.published) == ("unavailable", True, [])
    [unconfirmed] = raised.value.unconfirmed
    assert unconfirmed == asked("t", run_id=unconfirmed["run_id"])
    assert uuid.UUID(str(unconfirmed["run_id"]))
    with pytest.raises(PublishError) as closed:
        runs.create(asked("t"))
    assert (closed.value.code, closed.value.is_retryable) == ("closed", False)


def test_a_registry_is_asked_with_the_login(brokers: list[str], topics: Topics) -> None:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = self.headers["authorization"] == "Basic dXM6YXMtdG9sZA=="
            self.send_response(200 if is_known else 401)
            self.end_headers()
            self.wfile.write(json.dumps({"id": 7, "schemaType": "JSON"} if is_known else {"error_code": 401}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with RunPublisher(brokers, topic_prefix=topics.prefix, registry_url=url, registry_login=("us", "as-told")) as runs:
            published = runs.create(asked("t"))
        with RunPublisher(brokers, topic_prefix=topics.prefix, registry_url=url) as runs:
            with pytest.raises(PublishError, match="registry_login") as raised:
                runs.create(asked("t"))
        server.shutdown()
    assert raised.value.code == "denied"
    assert (read(brokers, published).value() or b"").startswith(b"\0\0\0\0\x07{")


def test_a_registry_whose_certificate_nobody_vouches_for_refuses(
    brokers: list[str], topics: Topics, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ("-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1")
    making = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *subject)
    subprocess.run([*making, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}"
        with RunPublisher(brokers, topic_prefix=topics.prefix, registry_url=url) as runs:
            with pytest.raises(PublishError, match="look at registry_url, and at SSL_CERT_FILE") as raised:
                runs.create(asked("t"))
        server.shutdown()
    assert raised.value.code == "denied"


def test_a_registry_that_is_away_and_one_that_does_not_know_the_schema_are_told_apart(
    brokers: list[str], topics: Topics, registry_url: str
) -> None:
    for url, code in ((registry_url, "misconfigured"), ("http://127.0.0.1:9", "unavailable")):
        with RunPublisher(brokers, topic_prefix=topics.prefix, registry_url=url) as runs:
            with pytest.raises(PublishError) as raised:
                runs.create(asked("t"))
        assert raised.value.code == code, str(raised.value)
