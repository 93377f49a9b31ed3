-- list-threads
-- params  $thread_id text and nothing else, $after those behind it text, $status text: each null where it is not asked
--         about; $limit bigint
-- result  threads by id, with the number of their unfinished runs, counted to 1,000
-- index   the primary key, unfinished_runs_by_lane; by status it looks along the ids
select
  thread.thread_id, thread.status, thread.resting_status, thread.first_partition, thread.configurable, thread.created_at,
  thread.updated_at,
  (
    select count(*)
    from (
      select
      from runlane.runs as run
      where run.thread_id = thread.thread_id
        and run.status in ('pending', 'running')
      limit 1000
    ) as counted
  )::integer as unfinished_count
from runlane.threads as thread
where ($thread_id::text is null or thread.thread_id = $thread_id)
  and ($after::text is null or thread.thread_id > $after)
  and ($status::text is null or thread.status = $status)
order by thread.thread_id
limit $limit
