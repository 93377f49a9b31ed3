-- select-due-runs
-- params  $1 how many integer
-- result  scheduled runs whose time has come, earliest first
-- index   scheduled_runs
select run_id, thread_id
from runlane.runs
where scheduled_at <= now()
order by scheduled_at, run_id
limit $1
