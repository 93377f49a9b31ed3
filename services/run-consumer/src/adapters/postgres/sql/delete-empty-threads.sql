-- delete-empty-threads
-- params  $thread_ids text[] that this transaction created and on which it accepted nothing, or of temporary runs that it
--         has ended (their rows are locked by the caller)
-- result  none; a rejection does not create a thread. A thread with other accepted runs stays. While these have not ended,
--         or are marked to end, it has to stay: created anew, it would give out their positions again
-- index   unfinished_runs_by_lane
delete from runlane.threads as thread
where thread_id = any ($thread_ids::text[])
  and (next_lane_position = 1 or is_temporary)
  and ended_through = 0
  and not exists (
    select
    from runlane.runs
    where thread_id = thread.thread_id
      and status in ('pending', 'running')
  )
