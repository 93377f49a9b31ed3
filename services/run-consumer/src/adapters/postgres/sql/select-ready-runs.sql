-- select-ready-runs
-- params  $executor_id uuid, $known_run_ids uuid[] that the executor knows to be its own, $graph_ids text[] that it has,
--         $look_from timestamptz before which no run is looked for; null looks at all, $limit integer
-- result  one row. run_ids: ready runs, longest ready first; other processes may be about to claim some of them
-- look_from: the next $look_from if all of these get claimed, look_from_if_left: if some do not. A run that became ready
--         earlier and was not seen comes from a transaction that took longer than the margin, so all runs have to be looked
--         at from time to time. Both are null where the ledger is a copy
--         has_forgotten: the executor owns a run that it does not know, because the answer to its claim was lost
-- wait a run waits for its ready_at (requeue-runs-if-owned), for up to 30 s. A ready_at that is further ahead was written by
--         another clock, such as that of the server before a failover, and is ignored
-- index   ready_runs_by_graph: only the first unfinished run of a lane is in it, so a million pending runs cost nothing, nor
--         do ready ones of other graphs; $look_from spares the entries of claimed runs, which stay in it beside an old
--         snapshot; running_runs_by_executor
-- plan in the form (select $limit) a value is unknown when the statement is planned. With a known value, a plan for this
--         call looks cheaper than the plan for all calls, and planning takes several times as long as the look itself
-- copy no runs where the ledger is a copy that nobody has noted yet, and for the length of a lease after that: a claim that
--         it forgot may still execute (I3)
with open as (
  select from runlane.ledger_standing where is_original and claims_are_due
),
candidates as (
  select ready.run_id, ready.ready_at
  from unnest((select $graph_ids::text[])) as mine (graph_id)
  cross join lateral (
    select run.run_id, run.ready_at
    from runlane.runs as run
    where run.graph_id = mine.graph_id
      and run.ready_at is not null
      and run.ready_at >= coalesce((select $look_from::timestamptz), '-infinity')
      and (run.ready_at <= now() or run.ready_at > now() + interval '30 seconds')
    order by run.ready_at, run.run_id
    limit (select $limit::bigint)
  ) as ready
  where exists (select from open)
  order by ready.ready_at, ready.run_id
  limit (select $limit::bigint)
)
select
  coalesce(array_agg(run_id order by ready_at, run_id), '{}') as run_ids,
  case when exists (select from open) then now() - interval '10 seconds' end as look_from,
  case when exists (select from open) then coalesce(min(ready_at), now()) - interval '10 seconds' end as look_from_if_left,
  exists (
    select from runlane.runs
    where executor_id = (select $executor_id::uuid)
      and status = 'running'
      and run_id <> all ((select $known_run_ids::uuid[])::uuid[])
  ) as has_forgotten
from candidates
