-- lock-ready-runs
-- params  $1 thread_ids text[] (their rows are locked by the caller)
-- result  these runs, and whether they were claimed before and went back: such a one may have left checkpoints. Until the transaction
--         ends nobody claims a run of these threads, so that what is pending now stays so
-- locks   the ready run of each thread; a claim of it that is under way is waited for
-- index   unfinished_runs_by_lane
select run_id, thread_id, fencing_token > 0 and not is_temporary as is_begun
from runlane.runs
where thread_id = any ($1::text[])
  and status = 'pending'
  and ready_at is not null
order by run_id
for no key update
