-- list-checkpoints
-- params  $thread_id text; null where it is not asked about: $run_id the run that wrote it text, $before those older than this one text;
--         $limit bigint
-- result  checkpoints of a thread, the latest first, without their values: a page of them would otherwise read and decode the
--         whole state of a thread as often as it has rows. The questions that were open at each, as LangGraph has encoded
--         them. `:schema.` is replaced by the schema of LangGraph's tables
-- index   the primary keys of both tables, that of checkpoints read backwards; by run it looks along the checkpoints of the thread
select
  checkpoint.checkpoint_id, checkpoint.parent_checkpoint_id, checkpoint.checkpoint ->> 'ts' as created_at,
  checkpoint.metadata, asked.types, asked.blobs
from :schema.checkpoints as checkpoint
cross join lateral (
  select
    coalesce(array_agg(type order by task_id, idx), '{}') as types,
    coalesce(array_agg(blob order by task_id, idx), '{}') as blobs
  from :schema.checkpoint_writes as written
  where written.thread_id = checkpoint.thread_id
    and written.checkpoint_ns = checkpoint.checkpoint_ns
    and written.checkpoint_id = checkpoint.checkpoint_id
    and written.channel = '__interrupt__'
) as asked
where checkpoint.thread_id = $thread_id
  and checkpoint.checkpoint_ns = ''
  and ($run_id::text is null or checkpoint.metadata ->> 'run_id' = $run_id)
  and ($before::text is null or checkpoint.checkpoint_id < $before)
order by checkpoint.checkpoint_id desc
limit $limit
