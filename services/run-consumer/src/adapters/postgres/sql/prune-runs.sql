-- prune-runs
-- params  $1 age in milliseconds bigint, $2 how many integer
-- result  one row per run that was deleted: ended that long ago, longest first, with every event published
-- index   ended_runs_by_age: what is younger is not looked at
with old as (
  select run_id
  from runlane.runs as run
  where run_ended_at < now() - $1 * interval '1 millisecond'
    -- Its events need the run to be composed.
    and not exists (select from runlane.outbox where run_id = run.run_id)
  order by run_ended_at
  limit $2
  for update skip locked
)
delete from runlane.runs as run
using old
where run.run_id = old.run_id
returning run.run_id
