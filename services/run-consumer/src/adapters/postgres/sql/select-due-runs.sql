-- select-due-runs
-- params  $limit integer
-- result  due scheduled runs, earliest first, without those that are marked to end
-- index   scheduled_runs
select run_id, thread_id
from runlane.runs as run
where scheduled_at <= now()
  and not exists (
    select
    from runlane.lane_ends as mark
    where mark.thread_id = run.thread_id
      and mark.through_position >= run.admission_position
  )
order by scheduled_at, run_id
limit $limit
