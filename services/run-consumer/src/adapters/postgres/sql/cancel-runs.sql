-- cancel-runs
-- params  $source_topic text, $source_partition integer; then the cancellations, one array per column: $ordinals,
--         $thread_ids, $run_ids (null: every run that the ledger had before this batch), $actions, $reasons,
--         $superseded_by, $thread_statuses afterwards, $before_offsets from which on runs of the partition are spared
--         (null: none); then the runs that this batch has inserted: $inserted_ordinals, $inserted_run_ids,
--         $inserted_thread_ids, $inserted_statuses, $inserted_thread_statuses, $inserted_details (JSON); then waiting
--         runs that have begun already: $begun_run_ids, $begun_checkpoint_ids the head checkpoints that they have
--         written or null; then again of the cancellations: $first_counts of a long lane how many waiting runs of it to
--         end, the first; the caller marks the others (null: all)
-- result  one row per kind of cancellation: how many runs have ended, how many running ones are asked to stop, and the
--         threads that ended with their temporary runs, and the runs that have ended after they had begun
-- locks   the runs; the caller holds the rows of their threads, and their running and ready runs
-- marks   a run that was marked to end earlier is hit only by its run_id
-- index   one_running_run_per_thread, unfinished_runs_by_lane, scheduled_runs_by_admission, the primary key
-- events  those of the runs inserted by the batch, and one per run that has ended, in the order of the log: by request,
--         the run's own before those of the runs that it superseded, and these by lane position (I5, I6)
with cancellation as (
  select *
  from unnest(
    $ordinals::integer[], $thread_ids::text[], $run_ids::uuid[], $actions::text[], $reasons::text[],
    $superseded_by::uuid[], $thread_statuses::text[], $before_offsets::bigint[], $first_counts::integer[]
  ) as cancellation (
    ordinal, thread_id, run_id, action, reason, superseded_by, thread_status, before_offset, first_count
  )
),
inserted as (
  select *
  from unnest(
    $inserted_ordinals::integer[], $inserted_run_ids::uuid[], $inserted_thread_ids::text[], $inserted_statuses::text[],
    $inserted_thread_statuses::text[], $inserted_details::text[]
  )
    as inserted (ordinal, run_id, thread_id, status, thread_status, details)
),
begun as (
  select *
  from unnest($begun_run_ids::uuid[], $begun_checkpoint_ids::text[]) as begun (run_id, checkpoint_id)
),
-- A run is hit once: by the first cancellation. Only this part decides what is hit, because nobody changes these runs in the
-- meantime: with conditions beside the join of the update, the planner would expect few rows and update run by run.
hit as (
  select distinct on (target_id) *
  from (
    select run.run_id as target_id, cancellation.*
    from cancellation
    cross join lateral (
      select run_id
      from runlane.runs
      where run_id = cancellation.run_id
        and status in ('pending', 'running')
        and cancel_action is null
      offset 0
    ) as run
    union all
    select run.run_id as target_id, cancellation.*
    from cancellation
    join runlane.threads as thread using (thread_id)
    cross join lateral (
      (
        select run_id, source_topic, source_partition, source_offset
        from runlane.runs
        where thread_id = thread.thread_id
          and status = 'running'
          and cancel_action is null
      )
      union all
      (
        select run_id, source_topic, source_partition, source_offset
        from (
          (
            select run_id, source_topic, source_partition, source_offset, lane_position, 0 as turn
            from runlane.waiting_runs(thread.thread_id, thread.ended_through) as waiting
            where not exists (select from inserted where inserted.run_id = waiting.run_id)
            order by lane_position
            limit cancellation.first_count
          )
          union all
          (
            select run_id, source_topic, source_partition, source_offset, place, 1
            from runlane.scheduled_runs(thread.thread_id, thread.ended_through) as scheduled
            where not exists (select from inserted where inserted.run_id = scheduled.run_id)
            order by place
            limit cancellation.first_count
          )
        ) as waiting
        order by turn, lane_position
        limit cancellation.first_count
      )
      union all
      (
        -- Runs of a version without marks, which no mark can hit, so they end now. They exist only in the minutes in which
        -- processes of that version still run.
        select run_id, source_topic, source_partition, source_offset
        from runlane.scheduled_runs(thread.thread_id, runlane.admission_place(null) - 1) as unplaced
        where cancellation.first_count is not null
          and not exists (select from inserted where inserted.run_id = unplaced.run_id)
      )
    ) as run
    where cancellation.run_id is null
      and (
        cancellation.before_offset is null
        or run.source_topic <> $source_topic
        or run.source_partition <> $source_partition
        or run.source_offset < cancellation.before_offset
      )
  ) as target
  order by target_id, ordinal
),
stopped as (
  update runlane.runs as run
  set
    status = case
      when run.status = 'running' then 'running'
      when hit.action = 'rollback' then 'rollback'
      else 'interrupted'
    end,
    cancel_action = case when run.status = 'running' then hit.action end,
    reason = hit.reason,
    superseded_by = hit.superseded_by,
    sequence = case when run.status = 'running' then run.sequence else run.sequence + 1 end,
    ready_at = null,
    scheduled_at = null,
    updated_at = now(),
    run_ended_at = case when run.status <> 'running' then now() end
  from hit
  where run.run_id = hit.target_id
  returning
    run.run_id, run.thread_id, run.status, run.is_temporary, run.sequence,
    greatest(run.attempt, run.begun_attempt) as attempt, run.run_started_at, run.run_ended_at, run.lane_position, run.created_at, run.source_offset, hit.ordinal, hit.action, hit.reason, hit.superseded_by,
    hit.thread_status
),
-- It has left a state to continue from.
rested as (
  update runlane.threads as thread
  set resting_status = 'interrupted', updated_at = now()
  from stopped
  join begun using (run_id)
  where thread.thread_id = stopped.thread_id
    and stopped.status = 'interrupted'
    and begun.checkpoint_id is not null
),
announced as (
  insert into runlane.outbox (
    run_id, thread_id, type, sequence, attempt, thread_status, details, run_started_at, run_ended_at
  )
  select run_id, thread_id, type, sequence, attempt, thread_status, details, run_started_at, run_ended_at
  from (
    select
      ordinal, 0 as turn, null::bigint as lane_position,
      null::timestamptz as created_at, null::bigint as source_offset, run_id, thread_id,
      'run.' || status as type, 1 as sequence, 0 as attempt, thread_status, details::json as details,
      null::timestamptz as run_started_at, case when status = 'rejected' then now() end as run_ended_at
    from inserted
    union all
    select
      ordinal, 1, lane_position, created_at, source_offset, run_id, thread_id,
      case status when 'rollback' then 'run.rolled_back' else 'run.interrupted' end, sequence, attempt,
      case
        when is_temporary then null
        when thread_status <> 'busy' and status = 'interrupted' and checkpoint_id is not null then 'interrupted'
        else thread_status
      end,
      json_strip_nulls(
        json_build_object(
          'reason', reason,
          'superseded_by', superseded_by,
          'checkpoint_id', case when status = 'interrupted' then checkpoint_id end
        )
      ),
      run_started_at, run_ended_at
    from stopped
    left join begun using (run_id)
    where status <> 'running'
  ) as event
  order by ordinal, turn, lane_position nulls last, created_at, source_offset
)
select
  action, reason,
  (count(*) filter (where status <> 'running'))::integer as ended_count,
  (count(*) filter (where status = 'running'))::integer as asked_count,
  coalesce(array_agg(thread_id) filter (where status <> 'running' and is_temporary), '{}') as temporary_thread_ids,
  coalesce(
    array_agg(run_id) filter (where status <> 'running' and run_id in (select run_id from begun)), '{}'
  ) as begun_run_ids
from stopped
group by action, reason
