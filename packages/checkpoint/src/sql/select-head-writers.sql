-- select-head-writers
-- params  $thread_ids text[]
-- result  the run that has written the head checkpoint of each thread; a thread without one has none. `:schema.` is
--         replaced by the schema of LangGraph's tables
-- index   the primary key, read backwards: checkpoint ids are ordered by time
select wanted.thread_id, head.written_by
from unnest($thread_ids::text[]) as wanted (thread_id)
cross join lateral (
  select metadata ->> 'run_id' as written_by
  from :schema.checkpoints
  where thread_id = wanted.thread_id
    and checkpoint_ns = ''
  order by checkpoint_id desc
  limit 1
) as head
where head.written_by is not null
