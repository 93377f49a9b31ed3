-- select-audited-runs
-- params  $run_ids uuid[]
-- result  the runs that are in the ledger: the places of their requests, how many events each has had, and how many of these
--         are not published yet
-- index   the primary key, one_event_per_run_and_sequence
select
  run.run_id, run.thread_id, run.status, run.run_ended_at is not null as is_terminal, run.sequence as event_count,
  run.source_partition, run.source_offset, run.created_at,
  (
    select count(*)
    from runlane.outbox as event
    where event.run_id = run.run_id
      and event.published_at is null
  )::integer as waiting_count
from runlane.runs as run
where run.run_id = any ($run_ids::uuid[])
