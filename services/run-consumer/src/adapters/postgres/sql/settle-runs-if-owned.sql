-- settle-runs-if-owned
-- params  one array per column: $run_ids, $fencing_tokens, $statuses, $types, $reasons,
--         $thread_statuses when nothing waits (null: as before the run), $details (JSON), $is_lost whether the attempt was
--         lost
-- result  the runs that were settled, whether a run of the thread became ready, and whether the run is to be rolled back
-- by the caller, in this transaction (I8). A missing run was owned by somebody else (I3), or its attempt was lost and it had
--         been asked to interrupt: then it has not failed
-- cancel a run that was asked to roll back is rolled back, however it ended; a run that ended before it noticed that it
--         should be interrupted keeps its end
-- locks   the runs; the caller holds the rows of their threads, so no run can join a lane, and none is marked, meanwhile
-- plan    see select-ready-runs
-- index   unfinished_runs_by_lane, scheduled_runs_by_admission: what is marked to end is passed over
-- thread gets its configurable from the runs that ended on it, merged over that of their assistants; a rolled back run
--         brings none. The thread of a temporary run is deleted with it, unless other requests named the thread: their runs
--         need it, and a thread that was created anew would give out their positions again
-- events  one per settled run, in the same transaction (I5)
with settlement as (
  select *
  from unnest(
    (select $run_ids::uuid[]), (select $fencing_tokens::bigint[]), (select $statuses::text[]), (select $types::text[]),
    (select $reasons::text[]), (select $thread_statuses::text[]), (select $details::text[]), (select $is_lost::boolean[])
  )
    as settlement (run_id, fencing_token, status, type, reason, thread_status, details, is_lost)
),
settled as (
  update runlane.runs as run
  set
    status = case when run.cancel_action = 'rollback' then 'rollback' else settlement.status end,
    reason = case when run.cancel_action = 'rollback' then run.reason else settlement.reason end,
    superseded_by = case
      when run.cancel_action = 'rollback' or settlement.status = 'interrupted' then run.superseded_by
    end,
    cancel_action = null,
    executor_id = null,
    sequence = run.sequence + 1,
    updated_at = now(),
    run_ended_at = now()
  from settlement
  where run.run_id = settlement.run_id
    and run.fencing_token = settlement.fencing_token
    and run.status = 'running'
    and (run.cancel_action is distinct from 'interrupt' or not settlement.is_lost)
  returning
    run.run_id, run.thread_id, run.fencing_token, run.is_temporary, run.sequence, run.attempt, run.run_started_at,
    run.run_ended_at, run.own_configurable, run.assistant_configurable,
    run.status = 'rollback' as is_rolled_back,
    case run.status when 'rollback' then 'run.rolled_back' else settlement.type end as type,
    case when run.status <> 'rollback' and not run.is_temporary then settlement.thread_status end as thread_status,
    case run.status
      when 'rollback' then json_strip_nulls(
        json_build_object(
          'reason', run.reason, 'superseded_by', run.superseded_by, 'usage', settlement.details::json -> 'usage'
        )
      )
      else settlement.details::json
    end as details
),
-- For a rollback the caller undoes the entries of the journal, before or after this statement.
forgotten as (
  delete from runlane.foreign_writes as entry
  using settled
  where entry.run_id = settled.run_id
    and not settled.is_rolled_back
),
lane as (
  select settled.thread_id, coalesce(thread.ended_through, 0) as ended_through
  from settled
  left join runlane.threads as thread using (thread_id)
),
waiting as (
  select lane.thread_id, next_run.run_id
  from lane
  cross join lateral (
    select run_id
    from runlane.runs
    where thread_id = lane.thread_id
      and status = 'pending'
      and lane_position > lane.ended_through
    order by lane_position
    limit 1
  ) as next_run
),
scheduled as (
  select lane.thread_id
  from lane
  where exists (
    select
    from runlane.runs as run
    where run.thread_id = lane.thread_id
      and run.scheduled_at is not null
      and runlane.admission_place(run.admission_position) > lane.ended_through
  )
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
      when waiting.run_id is null and scheduled.thread_id is null
      then coalesce(settled.thread_status, thread.resting_status)
      else 'busy'
    end,
    resting_status = coalesce(settled.thread_status, thread.resting_status),
    configurable = case
      when settled.is_rolled_back
        or settled.is_temporary
        or coalesce(settled.own_configurable, settled.assistant_configurable) is null
      then thread.configurable
      else coalesce(settled.assistant_configurable, '{}') || coalesce(thread.configurable, '{}')
        || coalesce(settled.own_configurable, '{}')
    end,
    updated_at = now()
  from settled
  left join waiting using (thread_id)
  left join scheduled using (thread_id)
  where thread.thread_id = settled.thread_id
    and (
      not settled.is_temporary
      or not thread.is_temporary
      or thread.ended_through > 0
      or waiting.run_id is not null
      or scheduled.thread_id is not null
    )
),
dropped as (
  delete from runlane.threads as thread
  using settled
  left join waiting using (thread_id)
  left join scheduled using (thread_id)
  where thread.thread_id = settled.thread_id
    and settled.is_temporary
    and thread.is_temporary
    and thread.ended_through = 0
    and waiting.run_id is null
    and scheduled.thread_id is null
),
announced as (
  insert into runlane.outbox (
    run_id, thread_id, type, sequence, attempt, thread_status, details, run_started_at, run_ended_at
  )
  select
    settled.run_id, settled.thread_id, settled.type, settled.sequence, settled.attempt,
    case
      when settled.is_temporary then null
      when waiting.run_id is null and scheduled.thread_id is null
      then coalesce(settled.thread_status, thread.resting_status)
      else 'busy'
    end,
    settled.details,
    settled.run_started_at, settled.run_ended_at
  from settled
  left join waiting using (thread_id)
  left join scheduled using (thread_id)
  left join runlane.threads as thread using (thread_id)
)
select
  settled.run_id, settled.fencing_token, settled.thread_id, settled.is_temporary, settled.is_rolled_back,
  waiting.run_id is not null as is_successor_ready
from settled
left join waiting using (thread_id)
