-- select-heads-written-by-runs
-- params  $run_ids text[], $thread_ids text[], in pairs
-- result  the head checkpoint of each thread that its run has written; a run that has written nothing has none. `:schema.`
--         is replaced by the schema of LangGraph's tables
-- index   the primary key, read backwards: checkpoint ids are ordered by time
select wanted.run_id, head.checkpoint_id
from unnest($run_ids::text[], $thread_ids::text[]) as wanted (run_id, thread_id)
cross join lateral (
  select checkpoint_id, metadata ->> 'run_id' as written_by
  from :schema.checkpoints
  where thread_id = wanted.thread_id
    and checkpoint_ns = ''
  order by checkpoint_id desc
  limit 1
) as head
where head.written_by = wanted.run_id
