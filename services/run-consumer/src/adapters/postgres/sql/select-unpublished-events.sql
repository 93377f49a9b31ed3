-- select-unpublished-events
-- params  $1 how many integer
-- result  the oldest events that are not published, in the order of the outbox; never a cursor: a transaction that
--         took its outbox_id earlier may commit later
-- index   unpublished_events
select
  event.outbox_id, event.event_id, event.type, event.sequence, event.occurred_at, event.run_id, event.thread_id,
  event.attempt, event.thread_status, event.details, event.run_started_at, event.run_ended_at,
  run.assistant_id, run.graph_id, run.multitask_strategy, run.metadata, run.created_at, run.traceparent,
  run.webhook, run.webhook_events
from runlane.outbox as event
join runlane.runs as run using (run_id)
where event.published_at is null
order by event.outbox_id
limit $1
