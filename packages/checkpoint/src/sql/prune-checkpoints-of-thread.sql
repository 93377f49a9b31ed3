-- prune-checkpoints-of-thread
-- params  $1 thread_id text, $2 how many checkpoints integer
-- result  one row per checkpoint that was deleted; the oldest go first
-- locks   the deleted rows; the caller makes sure that no run of the thread executes or starts meanwhile, and has taken
--         its lock in an earlier statement, so that this one sees all that was committed before
-- index   the primary keys, by thread
with stored as (
  select
    checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata, (checkpoint ->> 'v')::int as format,
    checkpoint -> 'channel_versions' as channel_versions
  from :schema.checkpoints
  where thread_id = $1
),
head as (
  select distinct on (checkpoint_ns) *
  from stored
  order by checkpoint_ns, checkpoint_id desc
),
root as (
  select checkpoint_id
  from head
  where checkpoint_ns = ''
),
needed_head as (
  select head.*
  from head
  left join root on true
  where head.checkpoint_ns = ''
    -- Without the id of a task: a subgraph that remembers from run to run.
    or position(':' in head.checkpoint_ns) = 0
    -- Of a task of the root's head, which may be unfinished. Ids grow with time; either sign is enough to keep it.
    or head.metadata -> 'parents' ->> '' = root.checkpoint_id
    or head.checkpoint_id > root.checkpoint_id
    or root.checkpoint_id is null
),
kept as (
  select checkpoint_ns, checkpoint_id
  from needed_head
  union
  -- LangGraph looks for the pending sends of an older format in the parent.
  select checkpoint_ns, parent_checkpoint_id
  from needed_head
  where format < 4
    and parent_checkpoint_id is not null
),
superfluous as (
  select stored.checkpoint_ns, stored.checkpoint_id
  from stored
  where not exists (
      select
      from kept
      where kept.checkpoint_ns = stored.checkpoint_ns
        and kept.checkpoint_id = stored.checkpoint_id
    )
    -- The value of a delta channel is in the writes of all that came before.
    and not exists (select from stored as any_stored where any_stored.metadata ? 'counters_since_delta_snapshot')
  order by stored.checkpoint_id
  limit $2
),
deleted as (
  delete from :schema.checkpoints as checkpoint
  using superfluous
  where checkpoint.thread_id = $1
    and checkpoint.checkpoint_ns = superfluous.checkpoint_ns
    and checkpoint.checkpoint_id = superfluous.checkpoint_id
  returning
    checkpoint.checkpoint_ns, checkpoint.checkpoint_id, checkpoint.checkpoint -> 'channel_versions' as channel_versions
),
removed_writes as (
  delete from :schema.checkpoint_writes as write
  using superfluous
  where write.thread_id = $1
    and write.checkpoint_ns = superfluous.checkpoint_ns
    and write.checkpoint_id = superfluous.checkpoint_id
),
-- This statement still sees the rows that it deletes.
survivor as (
  select stored.checkpoint_ns, stored.channel_versions
  from stored
  where not exists (
    select
    from superfluous
    where superfluous.checkpoint_ns = stored.checkpoint_ns
      and superfluous.checkpoint_id = stored.checkpoint_id
  )
),
candidate as (
  select distinct checkpoint_ns, channel, version
  from deleted
  cross join lateral jsonb_each_text(channel_versions) as referred (channel, version)
),
still_referred as (
  select distinct checkpoint_ns, channel, version
  from survivor
  cross join lateral jsonb_each_text(channel_versions) as referred (channel, version)
),
removed_blobs as (
  delete from :schema.checkpoint_blobs as blob
  using (select * from candidate except select * from still_referred) as unreferred
  where blob.thread_id = $1
    and blob.checkpoint_ns = unreferred.checkpoint_ns
    and blob.channel = unreferred.channel
    and blob.version = unreferred.version
)
select checkpoint_ns, checkpoint_id
from deleted
