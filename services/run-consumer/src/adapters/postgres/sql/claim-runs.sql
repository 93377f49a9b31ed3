-- claim-runs
-- params  $executor_id uuid, $limit integer, $known_run_ids uuid[] that the executor knows to be its own,
--         $checkpoint_floor text of now, by the executor's clock: of a run that has begun without one it stays unknown;
--         $candidate_run_ids uuid[] of ready runs to try, in the order in which they are taken: others may hold some of
--         them
-- result  the runs that the executor owns and does not know of: up to $limit new ones, and those of an earlier claim
--         that was committed but whose answer was lost. ready_seconds: how long a new one had been ready; null of the
--         others
-- wait    see select-ready-runs
-- plan    see select-ready-runs
-- index   the primary key; running_runs_by_executor
-- fence the token's upper half counts, its lower half is the nonce of this claim: a claim that was forgotten, because the
--         database lost its commit, and that is handed out again has another token (I3). Tokens below 2^32 come from older
--         versions
-- copy    claims nothing where the ledger is a copy: see select-ready-runs
-- events  run.running, one per run (I5)
with open as (
  select from runlane.ledger_standing where is_original and claims_are_due
),
picked as (
  select free.run_id, free.ready_at
  from unnest((select $candidate_run_ids::uuid[])) as candidate (run_id)
  -- Locks no more rows than are claimed, because other processes would pass over the rest.
  cross join lateral (
    select run.run_id, run.ready_at
    from runlane.runs as run
    where run.run_id = candidate.run_id
      -- A run that was claimed and has come back may have to wait.
      and (run.ready_at <= now() or run.ready_at > now() + interval '30 seconds')
    for update skip locked
  ) as free
  where exists (select from open)
  limit (select $limit::bigint)
),
claimed as (
  update runlane.runs as run
  set
    status = 'running',
    ready_at = null,
    executor_id = $executor_id,
    fencing_token =
      ((greatest(run.fencing_token >> 32, least(run.fencing_token, 1)) + 1) << 32) + floor(random() * 4294967296)::bigint,
    attempt = run.attempt + 1,
    sequence = run.sequence + 1,
    checkpoint_floor = case
      when run.run_started_at is null or run.checkpoint_floor is not null then least(run.checkpoint_floor, $checkpoint_floor)
    end,
    run_started_at = coalesce(run.run_started_at, now()),
    updated_at = now()
  from picked
  where run.run_id = picked.run_id
    -- A process whose lease was taken must not claim: no process would renew the claim.
    and exists (select from runlane.executors where executor_id = (select $executor_id::uuid))
  returning
    run.run_id, run.thread_id, run.assistant_id, run.graph_id, run.request, run.metadata, run.multitask_strategy,
    run.attempt, run.fencing_token, run.is_isolated, run.is_temporary, run.sequence, run.run_started_at,
    run.own_configurable, run.assistant_configurable, run.checkpoint_floor, run.traceparent,
    extract(epoch from now() - picked.ready_at)::float8 as ready_seconds
),
announced as (
  insert into runlane.outbox (run_id, thread_id, type, sequence, attempt, thread_status, run_started_at)
  select run_id, thread_id, 'run.running', sequence, attempt, case when is_temporary then null else 'busy' end, run_started_at
  from claimed
)
select
  owned.run_id, owned.thread_id, owned.assistant_id, owned.graph_id, owned.request, owned.metadata,
  owned.multitask_strategy, owned.attempt, owned.fencing_token, owned.is_isolated, owned.is_temporary,
  owned.own_configurable, owned.assistant_configurable, owned.checkpoint_floor, thread.configurable as thread_configurable,
  thread.resting_status as thread_resting_status, owned.traceparent, owned.ready_seconds
from (
  select run_id, thread_id, assistant_id, graph_id, request, metadata, multitask_strategy, attempt, fencing_token,
    is_isolated, is_temporary, own_configurable, assistant_configurable, checkpoint_floor, traceparent, ready_seconds
  from claimed
  union all
  select run_id, thread_id, assistant_id, graph_id, request, metadata, multitask_strategy, attempt, fencing_token,
    is_isolated, is_temporary, own_configurable, assistant_configurable, checkpoint_floor, traceparent, null
  from runlane.runs
  where executor_id = (select $executor_id::uuid)
    and status = 'running'
    and run_id <> all ((select $known_run_ids::uuid[])::uuid[])
    and exists (select from open)
) as owned
left join runlane.threads as thread using (thread_id)
