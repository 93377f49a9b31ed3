-- delete-checkpoints-of-runs
-- params  $1 run_ids uuid[], $2 their thread_ids text[]
-- result  none
-- locks   the deleted rows; the caller makes sure that the runs write nothing any more
-- index   the primary keys, by thread and namespace
with run as (
  select *
  from unnest($1::uuid[], $2::text[]) as run (run_id, thread_id)
),
deleted as (
  delete from :schema.checkpoints as checkpoint
  using run
  where checkpoint.thread_id = run.thread_id
    and checkpoint.metadata ->> 'run_id' = run.run_id::text
  returning
    checkpoint.thread_id, checkpoint.checkpoint_ns, checkpoint.checkpoint_id,
    checkpoint.checkpoint -> 'channel_versions' as channel_versions
),
place as (
  select thread_id, checkpoint_ns, min(checkpoint_id) as first_id
  from deleted
  group by thread_id, checkpoint_ns
),
-- This statement still sees the rows that it deletes.
survivor as (
  select
    checkpoint.thread_id, checkpoint.checkpoint_ns, checkpoint.checkpoint_id,
    checkpoint.checkpoint -> 'channel_versions' as channel_versions
  from :schema.checkpoints as checkpoint
  join place using (thread_id, checkpoint_ns)
  where not exists (
    select
    from deleted
    where deleted.thread_id = checkpoint.thread_id
      and deleted.checkpoint_ns = checkpoint.checkpoint_ns
      and deleted.checkpoint_id = checkpoint.checkpoint_id
  )
),
-- Not only those of the deleted checkpoints: a process may have died between a checkpoint's writes and the checkpoint.
-- Ids grow with time, and nobody else has written since the run's first one.
removed_writes as (
  delete from :schema.checkpoint_writes as write
  using place
  where write.thread_id = place.thread_id
    and write.checkpoint_ns = place.checkpoint_ns
    and write.checkpoint_id >= place.first_id
    and not exists (
      select
      from survivor
      where survivor.thread_id = write.thread_id
        and survivor.checkpoint_ns = write.checkpoint_ns
        and survivor.checkpoint_id = write.checkpoint_id
    )
),
candidate as (
  select distinct thread_id, checkpoint_ns, channel, version
  from deleted
  cross join lateral jsonb_each_text(channel_versions) as referred (channel, version)
),
kept as (
  select distinct thread_id, checkpoint_ns, channel, version
  from survivor
  cross join lateral jsonb_each_text(channel_versions) as referred (channel, version)
)
delete from :schema.checkpoint_blobs as blob
using candidate
where blob.thread_id = candidate.thread_id
  and blob.checkpoint_ns = candidate.checkpoint_ns
  and blob.channel = candidate.channel
  and blob.version = candidate.version
  and not exists (
    select
    from kept
    where kept.thread_id = candidate.thread_id
      and kept.checkpoint_ns = candidate.checkpoint_ns
      and kept.channel = candidate.channel
      and kept.version = candidate.version
  )
