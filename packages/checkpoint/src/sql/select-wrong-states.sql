-- select-wrong-states
-- params  $thread_ids text[], $run_ids uuid[] runs on them, $undone_run_ids uuid[] those of them that were rolled back
-- result  the runs that have left more in their threads than they may: a rolled back run with any checkpoint, any other run
--         with more than one checkpoint that begins with an input. `:schema.` is replaced by the schema of LangGraph's
--         tables
-- index   the primary key; each thread is read once
select
  metadata ->> 'run_id' as run_id, count(*)::integer as checkpoint_count,
  (count(*) filter (where checkpoint_ns = '' and metadata ->> 'source' = 'input'))::integer as input_count
from :schema.checkpoints
where thread_id = any ($thread_ids::text[])
  and metadata ->> 'run_id' = any ($run_ids::uuid[]::text[])
group by metadata ->> 'run_id'
having
  count(*) filter (where checkpoint_ns = '' and metadata ->> 'source' = 'input') > 1
  or metadata ->> 'run_id' = any ($undone_run_ids::uuid[]::text[])
