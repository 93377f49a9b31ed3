-- list-threads
-- params  $1 thread_id text and nothing else, $2 those behind it text, $3 status text: each null where it is not asked
--         about; $4 how many bigint
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
where ($1::text is null or thread.thread_id = $1)
  and ($2::text is null or thread.thread_id > $2)
  and ($3::text is null or thread.status = $3)
order by thread.thread_id
limit $4
