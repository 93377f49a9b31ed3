-- lock-lane-heads
-- params  $1 thread_ids text[] (their rows are locked by the caller)
-- result  the running and the ready runs of the threads, and whether a ready one was claimed before and went back: it may
--         have left checkpoints. Until the transaction ends nobody claims a run of these threads, and none goes back to
--         pending, so that what is pending or running now stays so
-- locks   these runs; a claim or a return that is under way is waited for
-- index   unfinished_runs_by_lane
select run_id, thread_id, status = 'pending' and fencing_token > 0 and not is_temporary as is_begun
from runlane.runs
where thread_id = any ($1::text[])
  and status in ('pending', 'running')
  and (status = 'running' or ready_at is not null)
order by run_id
for no key update
