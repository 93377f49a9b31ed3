-- claim-ready-runs
-- params  $1 executor_id uuid, $2 how many integer, $3 run_ids uuid[] that the executor knows to be its own
--         $4 checkpoint_floor text of now, by the executor's clock: of a run that has begun without one it stays unknown
--         $5 graph_ids text[] that the executor has, $6 timestamptz before which no run is looked for; null looks at all,
--         $7 how many of the longest ready runs to try integer: others may hold some of them
-- result  at least one row; without a run_id there is no run. The runs that the executor owns and does not know of: up to $2
--         new ones, longest ready first, and those of an earlier claim that was committed but whose answer was lost.
--         candidate_count: how many were there to try, up to $7
--         look_from: the next $6; null where the ledger is a copy. What became ready before and is not yet claimed
--         comes from a transaction that took longer than the margin, or was held: hence a look at all now and then
-- wait    a run whose ready_at is to come waits for it (requeue-runs-if-owned), for up to 30 s. One that is further ahead
--         was written by another clock, such as that of the server before a failover, and waits for nothing
-- index   ready_runs_by_graph: only the first unfinished run of a lane is in it, so a million pending runs cost nothing, nor
--         do ready ones of other graphs; $6 spares the entries of claimed runs, which stay in it beside an old snapshot;
--         running_runs_by_executor
-- fence   the token's upper half counts, its lower half is the nonce of this claim: one that was forgotten, because the
--         database lost its commit, and is handed out again has another token (I3). Tokens below 2^32 are of before
-- copy    nothing where the ledger is a copy that nobody has noted yet, and until a lease after somebody has: a claim that it
--         forgot may still execute (I3)
-- events  run.running, one per run (I5)
with open as (
  select from runlane.ledger_standing where is_original and claims_are_due
),
candidates as materialized (
  select ready.run_id, ready.ready_at
  from unnest($5::text[]) as mine (graph_id)
  cross join lateral (
    select run.run_id, run.ready_at
    from runlane.runs as run
    where run.graph_id = mine.graph_id
      and run.ready_at is not null
      and run.ready_at >= coalesce($6::timestamptz, '-infinity')
      and (run.ready_at <= now() or run.ready_at > now() + interval '30 seconds')
    order by run.ready_at, run.run_id
    limit $7
  ) as ready
  where exists (select from open)
  order by ready.ready_at, ready.run_id
  limit $7
),
picked as (
  select free.run_id
  from candidates
  -- Locks no more rows than are claimed: others would pass over the rest meanwhile.
  cross join lateral (
    select run.run_id
    from runlane.runs as run
    where run.run_id = candidates.run_id
      -- One that was claimed and has come back since has another time.
      and run.ready_at = candidates.ready_at
    for update skip locked
  ) as free
  limit $2
),
claimed as (
  update runlane.runs as run
  set
    status = 'running',
    ready_at = null,
    executor_id = $1,
    fencing_token =
      ((greatest(run.fencing_token >> 32, least(run.fencing_token, 1)) + 1) << 32) + floor(random() * 4294967296)::bigint,
    attempt = run.attempt + 1,
    sequence = run.sequence + 1,
    checkpoint_floor = case
      when run.run_started_at is null or run.checkpoint_floor is not null then least(run.checkpoint_floor, $4)
    end,
    run_started_at = coalesce(run.run_started_at, now()),
    updated_at = now()
  from picked
  where run.run_id = picked.run_id
    -- A process whose lease was taken must not claim: nobody would look after the run.
    and exists (select from runlane.executors where executor_id = $1)
  returning
    run.run_id, run.thread_id, run.assistant_id, run.graph_id, run.request, run.metadata, run.multitask_strategy,
    run.attempt, run.fencing_token, run.is_isolated, run.is_temporary, run.sequence, run.run_started_at,
    run.own_configurable, run.assistant_configurable, run.checkpoint_floor
),
announced as (
  insert into runlane.outbox (run_id, thread_id, type, sequence, attempt, thread_status, run_started_at)
  select run_id, thread_id, 'run.running', sequence, attempt, case when is_temporary then null else 'busy' end, run_started_at
  from claimed
)
select
  seen.candidate_count, seen.look_from,
  owned.run_id, owned.thread_id, owned.assistant_id, owned.graph_id, owned.request, owned.metadata,
  owned.multitask_strategy, owned.attempt, owned.fencing_token, owned.is_isolated, owned.is_temporary,
  owned.own_configurable, owned.assistant_configurable, owned.checkpoint_floor, thread.configurable as thread_configurable,
  thread.resting_status as thread_resting_status
from (
  select
    count(*)::integer as candidate_count,
    case
      when exists (select from open) then
        case
          when count(*) < $7 and (select count(*) from picked) < $2 then now()
          else min(ready_at)
        end - interval '10 seconds'
    end as look_from
  from candidates
) as seen
left join (
  select run_id, thread_id, assistant_id, graph_id, request, metadata, multitask_strategy, attempt, fencing_token,
    is_isolated, is_temporary, own_configurable, assistant_configurable, checkpoint_floor
  from claimed
  union all
  select run_id, thread_id, assistant_id, graph_id, request, metadata, multitask_strategy, attempt, fencing_token,
    is_isolated, is_temporary, own_configurable, assistant_configurable, checkpoint_floor
  from runlane.runs
  where executor_id = $1
    and status = 'running'
    and run_id <> all ($3::uuid[])
    and exists (select from open)
) as owned on true
left join runlane.threads as thread using (thread_id)
