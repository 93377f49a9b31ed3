-- lock-lane-heads
-- params  $thread_ids text[] (their rows are locked by the caller)
-- result  the running and the ready runs of the threads, and whether a ready one was claimed earlier and went back: it may
--         have left checkpoints. Until the transaction ends, no run of these threads is claimed and none goes back to
--         pending, so pending and running runs stay so
-- locks   these runs; a claim or a return that is under way is waited for
-- index   one_running_run_per_thread, unfinished_runs_by_lane: a ready run is the first of those that wait and are not
--         marked to end, however many there are
with heads as materialized (
  select head.run_id
  from runlane.threads as thread
  cross join lateral (
    (
      select run_id
      from runlane.runs
      where thread_id = thread.thread_id
        and status = 'running'
    )
    union all
    (
      select run_id
      from runlane.waiting_runs(thread.thread_id, thread.ended_through)
      order by lane_position
      limit 1
    )
  ) as head
  where thread.thread_id = any ($thread_ids::text[])
)
select run_id, thread_id, status = 'pending' and fencing_token > 0 and not is_temporary as is_begun
from runlane.runs
where run_id = any (array(select run_id from heads))
  and status in ('pending', 'running')
  and (status = 'running' or ready_at is not null)
order by run_id
for no key update
