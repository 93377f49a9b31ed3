-- take-back-answers-if-owned
-- params  $run_id uuid, $fencing_token bigint
-- result  one row if the run is owned, with whether it has written onto checkpoints of others; none: nothing was done (I3)
-- locks   the run row, shared, and the writes
-- index   both primary keys
-- The journal keeps its entries, because what they say about the state before the run stays true.
with owned as (
  select run_id
  from runlane.runs
  where run_id = $run_id
    and fencing_token = $fencing_token
    and status = 'running'
  for share
),
entry as (
  select entry.*
  from runlane.foreign_writes as entry
  join owned using (run_id)
  where entry.checkpoint_id <> '' -- others name a namespace
),
-- LangGraph's places: -4 the answers of a task, -3 its pause, the null task the command itself. A task that has an output
-- is finished and keeps them.
before as (
  select *
  from entry
  where task_id = '00000000-0000-0000-0000-000000000000'
    or (
      idx in (-4, -3)
      and not exists (
        select
        from :schema.checkpoint_writes as output
        where output.thread_id = entry.thread_id
          and output.checkpoint_ns = entry.checkpoint_ns
          and output.checkpoint_id = entry.checkpoint_id
          and output.task_id = entry.task_id
          and output.idx >= 0
          and output.channel <> '__error_source_node__'
      )
    )
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
  insert into :schema.checkpoint_writes (
    thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
  )
  select thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
  from before
  where channel is not null
  on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) do update
  set channel = excluded.channel, type = excluded.type, blob = excluded.blob
)
select exists (select from entry) as has_written
from owned
