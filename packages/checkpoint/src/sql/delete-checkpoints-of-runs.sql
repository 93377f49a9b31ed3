-- delete-checkpoints-of-runs
-- params  $run_ids uuid[], $thread_ids text[]; then the namespaces that their journals named:
--         $named_run_ids uuid[], $named_thread_ids text[], $named_namespaces text[]
-- result  none
-- locks   the deleted rows; the caller makes sure that the runs write nothing any more
-- index   the primary keys, of each namespace from the run's floor on: what is read is what the run and those after it have
--         written, however long the thread is. For a run without a floor the whole thread is read
with wanted as (
  select wanted.run_id, wanted.thread_id, run.checkpoint_floor
  from unnest($run_ids::uuid[], $thread_ids::text[]) as wanted (run_id, thread_id)
  left join runlane.runs as run using (run_id)
),
place as (
  select thread_id, checkpoint_ns, min(checkpoint_floor) as checkpoint_floor
  from (
    select thread_id, '' as checkpoint_ns, checkpoint_floor
    from wanted
    where checkpoint_floor is not null
    union all
    select named.thread_id, named.checkpoint_ns, wanted.checkpoint_floor
    from unnest(
      $named_run_ids::uuid[], $named_thread_ids::text[], $named_namespaces::text[]) as named (run_id, thread_id,
      checkpoint_ns
    )
    join wanted using (run_id)
    where checkpoint_floor is not null
    union all
    select wanted.thread_id, stored.checkpoint_ns, ''
    from wanted
    cross join lateral (
      select distinct checkpoint_ns
      from :schema.checkpoints
      where thread_id = wanted.thread_id
    ) as stored
    where checkpoint_floor is null
  ) as place
  group by thread_id, checkpoint_ns
),
-- This statement still sees the rows that it deletes.
recent as materialized (
  select
    place.thread_id, place.checkpoint_ns, stored.checkpoint_id, stored.parent_checkpoint_id, stored.channel_versions,
    stored.row_place, stored.run_id in (select run_id::text from wanted) is true as is_own
  from place
  cross join lateral (
    select
      checkpoint_id, parent_checkpoint_id, checkpoint -> 'channel_versions' as channel_versions,
      metadata ->> 'run_id' as run_id, ctid as row_place
    from :schema.checkpoints
    where thread_id = place.thread_id
      and checkpoint_ns = place.checkpoint_ns
      and checkpoint_id >= place.checkpoint_floor
    offset 0 -- read by the primary key, place by place
  ) as stored
),
deleted as (
  delete from :schema.checkpoints
  where ctid = any (array(select row_place from recent where is_own))
),
-- Also writes without a checkpoint: a process may have died between a checkpoint's writes and the checkpoint.
-- Ids grow with time, and nobody else has written since the run's first one.
removed_writes as (
  delete from :schema.checkpoint_writes
  where ctid = any (
    array(
      select stored.row_place
      from (
        select thread_id, checkpoint_ns, min(checkpoint_id) as first_id
        from recent
        where is_own
        group by thread_id, checkpoint_ns
      ) as own
      cross join lateral (
        select checkpoint_id, ctid as row_place
        from :schema.checkpoint_writes
        where thread_id = own.thread_id
          and checkpoint_ns = own.checkpoint_ns
          and checkpoint_id >= own.first_id
        offset 0
      ) as stored
      where not exists (
        select
        from recent
        where not recent.is_own
          and recent.thread_id = own.thread_id
          and recent.checkpoint_ns = own.checkpoint_ns
          and recent.checkpoint_id = stored.checkpoint_id
      )
    )
  )
),
-- The checkpoints from which the runs started; all other values of their checkpoints come from there.
base as (
  select parent.thread_id, parent.checkpoint_ns, stored.channel_versions, stored.channel_versions is null as is_gone
  from (
    select distinct own.thread_id, own.checkpoint_ns, own.parent_checkpoint_id
    from recent as own
    where own.is_own
      and own.parent_checkpoint_id is not null
      and not exists (
        select
        from recent
        where recent.thread_id = own.thread_id
          and recent.checkpoint_ns = own.checkpoint_ns
          and recent.checkpoint_id = own.parent_checkpoint_id
      )
  ) as parent
  left join lateral (
    select checkpoint -> 'channel_versions' as channel_versions
    from :schema.checkpoints
    where thread_id = parent.thread_id
      and checkpoint_ns = parent.checkpoint_ns
      and checkpoint_id = parent.parent_checkpoint_id
    limit 1
  ) as stored on true
),
survivor as (
  select thread_id, checkpoint_ns, channel_versions
  from recent
  where not is_own
  union all
  select thread_id, checkpoint_ns, channel_versions
  from base
  union all
  -- Values from a checkpoint that somebody has deleted are recognised by all checkpoints that refer to them.
  select place.thread_id, place.checkpoint_ns, stored.channel_versions
  from place
  cross join lateral (
    select checkpoint -> 'channel_versions' as channel_versions
    from :schema.checkpoints
    where thread_id = place.thread_id
      and checkpoint_ns = place.checkpoint_ns
      and checkpoint_id < place.checkpoint_floor
    offset 0
  ) as stored
  where (place.thread_id, place.checkpoint_ns) in (select thread_id, checkpoint_ns from base where is_gone)
),
candidate as (
  select thread_id, checkpoint_ns, channel, version
  from recent
  cross join lateral jsonb_each_text(channel_versions) as referred (channel, version)
  where is_own
    and version like '%.%' -- a whole number is the stock saver's (channel-version.ts), and other branches may share it
  except
  select thread_id, checkpoint_ns, channel, version
  from survivor
  cross join lateral jsonb_each_text(channel_versions) as referred (channel, version)
)
delete from :schema.checkpoint_blobs
where ctid = any (
  array(
    select stored.row_place
    from candidate
    cross join lateral (
      select ctid as row_place
      from :schema.checkpoint_blobs
      where thread_id = candidate.thread_id
        and checkpoint_ns = candidate.checkpoint_ns
        and channel = candidate.channel
        and version = candidate.version
      limit 1
    ) as stored
  )
)
