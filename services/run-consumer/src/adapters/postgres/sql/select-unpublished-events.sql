-- select-unpublished-events
-- params  $limit integer, $max_bytes bigint: of details and metadata as JSON text,
--         $without_thread_ids text[] to leave out, $from_outbox_id bigint: those before are published, in the ledger
--         $ledger text
-- result  the oldest events that are not published, in the order of the outbox: as many as fit into $max_bytes and the
--         one that passes it, so at least one if there is any; found_count says how many there are, up to $limit.
--         $from_outbox_id is no mere cursor: a transaction that took its outbox_id earlier may commit later (see
--         outbox-horizon.ts)
-- index   unpublished_events
select *
from (
  select
    event.outbox_id, event.event_id, event.type, event.sequence, event.occurred_at, event.run_id, event.thread_id,
    event.attempt, event.thread_status, event.details, event.run_started_at, event.run_ended_at,
    run.assistant_id, run.graph_id, run.multitask_strategy, run.metadata, run.created_at, run.traceparent,
    run.webhook, run.webhook_events,
    (count(*) over ())::integer as found_count,
    coalesce(
      sum(coalesce(octet_length(event.details::text), 0) + octet_length(run.metadata::text)) over (
        order by event.outbox_id
        rows between unbounded preceding and 1 preceding
      ),
      0
    ) as bytes_before
  from (
    select *
    from runlane.outbox
    where published_at is null
      and thread_id <> all ($without_thread_ids::text[])
      and outbox_id >= coalesce(
        (
          select $from_outbox_id::bigint
          from runlane.ledger_life as life, runlane.ledger_standing as standing
          where standing.is_original
            and life.written_by::text = $ledger
        ),
        0
      )
    order by outbox_id
    limit $limit
  ) as event
  join runlane.runs as run using (run_id)
) as sized
where bytes_before = 0
   or bytes_before < $max_bytes
order by outbox_id
