"""A shop that takes an order and asks for a run within its own trace, as an application that is traced does."""

import json
import os
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import inject
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from runlane_client import RunPublisher

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("shop")

with (
    RunPublisher(os.environ["KAFKA_BROKERS"].split(","), topic_prefix=os.environ["RUNLANE_TOPIC_PREFIX"]) as runs,
    tracer.start_as_current_span("POST /orders", kind=trace.SpanKind.SERVER),
    tracer.start_as_current_span("send run", kind=trace.SpanKind.PRODUCER) as span,
):
    carrier: dict[str, str] = {}
    inject(carrier)
    run = runs.create(json.loads(sys.argv[1]), traceparent=carrier["traceparent"])
    trace_id = f"{span.get_span_context().trace_id:032x}"

provider.shutdown()
print(json.dumps({"runId": run.run_id, "traceId": trace_id}))
