-- select-stoppers
-- params  $run_ids uuid[], $written_by_run_ids uuid[]: of each the run that has written the head of its thread
-- result  the runs among $run_ids because of which that one stopped: the run superseded it, or superseded or marked the run
--         that did
-- index   the primary keys
with recursive chain as (
  select wanted.run_id, head.superseded_by
  from unnest($run_ids::uuid[], $written_by_run_ids::uuid[]) as wanted (run_id, written_by)
  join runlane.runs as head on head.run_id = wanted.written_by
  where head.status = 'interrupted'
  union
  select chain.run_id, coalesce(
    run.superseded_by,
    (
      select mark.superseded_by
      from runlane.lane_ends as mark
      where mark.thread_id = run.thread_id
        and mark.through_position >= coalesce(run.lane_position, run.admission_position)
        and run.status = 'pending'
      order by mark.through_position
      limit 1
    )
  )
  from chain
  join runlane.runs as run on run.run_id = chain.superseded_by
  where chain.superseded_by <> chain.run_id
)
select run_id
from chain
where superseded_by = run_id
