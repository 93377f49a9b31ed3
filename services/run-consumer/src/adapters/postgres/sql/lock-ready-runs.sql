-- lock-ready-runs
-- params  $1 thread_ids text[] (their rows are locked by the caller)
-- result  none of use; until the transaction ends nobody claims a run of these threads, so that what is pending now stays so
-- locks   the ready run of each thread; a claim of it that is under way is waited for
-- index   unfinished_runs_by_lane
select run_id
from runlane.runs
where thread_id = any ($1::text[])
  and status = 'pending'
  and ready_at is not null
order by run_id
for no key update
