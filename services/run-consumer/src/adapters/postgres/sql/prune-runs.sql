-- prune-runs
-- params  $age_ms bigint, $limit integer
-- result  one row per run that was deleted: ended that long ago, longest first, with every event published
-- index   ended_runs_by_age: younger runs are not read
with old as (
  select run_id
  from runlane.runs as run
  where run_ended_at < now() - $age_ms * interval '1 millisecond'
    -- Its events need the run to be composed. Because of the offset they are looked up run by run; a join would read both
    -- tables completely.
    and not exists (select from runlane.outbox where run_id = run.run_id offset 0)
  order by run_ended_at
  limit $limit
  for update skip locked
)
delete from runlane.runs
where run_id = any (array(select run_id from old))
returning run_id
