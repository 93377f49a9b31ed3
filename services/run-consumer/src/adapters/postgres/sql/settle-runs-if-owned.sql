-- settle-runs-if-owned
-- params  one array per column: $1 run_ids, $2 fencing_tokens, $3 statuses, $4 event types, $5 reasons,
--         $6 thread statuses when nothing waits, $7 details (JSON)
-- result  the runs that were settled and whether a run of the thread became ready; a missing one was owned by
--         somebody else by now (I3)
-- locks   the runs; the caller holds the rows of their threads, so no run can join a lane meanwhile
-- events  one per settled run, in the same transaction (I5)
with settlement as (
  select *
  from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    as settlement (run_id, fencing_token, status, type, reason, thread_status, details)
),
settled as (
  update runlane.runs as run
  set
    status = settlement.status,
    reason = settlement.reason,
    executor_id = null,
    sequence = run.sequence + 1,
    updated_at = now(),
    run_ended_at = now()
  from settlement
  where run.run_id = settlement.run_id
    and run.fencing_token = settlement.fencing_token
    and run.status = 'running'
  returning
    run.run_id, run.thread_id, run.fencing_token, run.is_temporary, run.sequence, run.attempt, run.run_started_at,
    run.run_ended_at, run.status, settlement.type, settlement.thread_status, settlement.details
),
-- A rollback undoes what is in the journal, before or after this statement.
forgotten as (
  delete from runlane.foreign_writes as entry
  using settled
  where entry.run_id = settled.run_id
    and settled.status <> 'rollback'
),
waiting as (
  select settled.thread_id, next_run.run_id
  from settled
  cross join lateral (
    select run_id
    from runlane.runs
    where thread_id = settled.thread_id
      and status = 'pending'
      and lane_position is not null
    order by lane_position
    limit 1
  ) as next_run
),
scheduled as (
  select distinct settled.thread_id
  from settled
  join runlane.runs as run using (thread_id)
  where run.scheduled_at is not null
),
readied as (
  update runlane.runs as run
  set ready_at = clock_timestamp(), updated_at = now()
  from waiting
  where run.run_id = waiting.run_id
),
freed as (
  update runlane.threads as thread
  set
    status = case
      when waiting.run_id is null and scheduled.thread_id is null then settled.thread_status
      else 'busy'
    end,
    updated_at = now()
  from settled
  left join waiting using (thread_id)
  left join scheduled using (thread_id)
  where thread.thread_id = settled.thread_id
    and not settled.is_temporary
),
dropped as (
  delete from runlane.threads as thread
  using settled
  where thread.thread_id = settled.thread_id
    and settled.is_temporary
),
announced as (
  insert into runlane.outbox (
    run_id, thread_id, type, sequence, attempt, thread_status, details, run_started_at, run_ended_at
  )
  select
    settled.run_id, settled.thread_id, settled.type, settled.sequence, settled.attempt,
    case
      when settled.is_temporary then null
      when waiting.run_id is null and scheduled.thread_id is null then settled.thread_status
      else 'busy'
    end,
    settled.details::json,
    settled.run_started_at, settled.run_ended_at
  from settled
  left join waiting using (thread_id)
  left join scheduled using (thread_id)
)
select settled.run_id, settled.fencing_token, waiting.run_id is not null as is_successor_ready
from settled
left join waiting using (thread_id)
