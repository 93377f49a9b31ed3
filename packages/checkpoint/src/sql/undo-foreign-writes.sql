-- undo-foreign-writes
-- params  $run_ids uuid[]
-- result  the namespaces that the journal names, by run and thread
-- locks   the journal's entries and the writes they name; the caller makes sure that the runs write nothing any more
-- index   both primary keys
with entry as (
  delete from runlane.foreign_writes
  where run_id = any($run_ids::uuid[])
  returning *
),
-- Of several runs that wrote to one place, the first one's entry is the state before all of them.
before as (
  select distinct on (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) *
  from entry
  where checkpoint_id <> ''
  order by thread_id, checkpoint_ns, checkpoint_id, task_id, idx, entry_id
),
removed as (
  delete from :schema.checkpoint_writes as write
  using before
  where write.thread_id = before.thread_id
    and write.checkpoint_ns = before.checkpoint_ns
    and write.checkpoint_id = before.checkpoint_id
    and write.task_id = before.task_id
    and write.idx = before.idx
    and before.channel is null
),
restored as (
  insert into :schema.checkpoint_writes as write (
    thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
  )
  select thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
  from before
  where channel is not null
  on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) do update
  set channel = excluded.channel, type = excluded.type, blob = excluded.blob
)
select distinct run_id, thread_id, checkpoint_ns
from entry
