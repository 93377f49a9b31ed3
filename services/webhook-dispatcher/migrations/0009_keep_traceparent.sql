-- The trace of an event goes on with its webhook, however much later that is sent.
alter table webhooks.events add column traceparent text;

comment on column webhooks.events.traceparent is 'W3C trace context of the record that brought the event; null without one.';
