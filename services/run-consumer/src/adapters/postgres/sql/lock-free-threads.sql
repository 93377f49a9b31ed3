-- lock-free-threads
-- params  $thread_ids text[]
-- result  the threads that exist, and whether they were free and are locked now
-- locks   the rows that nobody holds; waits for none
with locked as materialized (
  select thread_id
  from runlane.threads
  where thread_id = any ($thread_ids::text[])
  order by thread_id
  for update skip locked
)
select thread.thread_id, locked.thread_id is not null as is_free
from runlane.threads as thread
left join locked using (thread_id)
where thread.thread_id = any ($thread_ids::text[])
