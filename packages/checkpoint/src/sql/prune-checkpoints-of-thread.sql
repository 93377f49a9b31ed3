-- prune-checkpoints-of-thread
-- params  $thread_id text, $limit how many checkpoints integer
-- result  one row per checkpoint that was deleted; the oldest of a namespace go first, the values stay
-- locks   the deleted rows; the caller makes sure that no run of the thread executes or starts in the meantime, and has
--         taken its lock in an earlier statement, so that this one sees everything that was committed earlier
-- index   the primary keys, from namespace to namespace, and no further than the limit: what is read is what goes, and
--         two rows of each namespace that stays, however long the thread is
with recursive namespace as (
  (
    select checkpoint_ns
    from :schema.checkpoints
    where thread_id = $thread_id
    order by checkpoint_ns
    limit 1
  )
  union all
  select (
    select stored.checkpoint_ns
    from :schema.checkpoints as stored
    where stored.thread_id = $thread_id
      and stored.checkpoint_ns > namespace.checkpoint_ns
    order by stored.checkpoint_ns
    limit 1
  )
  from namespace
  where namespace.checkpoint_ns is not null
),
root as (
  select checkpoint_id
  from :schema.checkpoints
  where thread_id = $thread_id
    and checkpoint_ns = ''
  order by checkpoint_id desc
  limit 1
),
superfluous as (
  select stored.checkpoint_ns, stored.checkpoint_id, stored.place
  from namespace
  cross join lateral (
    select
      checkpoint_id, parent_checkpoint_id, (checkpoint ->> 'v')::int as format, metadata -> 'parents' ->> '' as root_id,
      metadata ? 'counters_since_delta_snapshot' as has_deltas
    from :schema.checkpoints
    where thread_id = $thread_id
      and checkpoint_ns = namespace.checkpoint_ns
    order by checkpoint_id desc
    limit 1
  ) as head
  cross join lateral (
    select metadata ? 'counters_since_delta_snapshot' as has_deltas
    from :schema.checkpoints
    where thread_id = $thread_id
      and checkpoint_ns = namespace.checkpoint_ns
    order by checkpoint_id
    limit 1
  ) as oldest
  left join root on true
  cross join lateral (
    select
      namespace.checkpoint_ns = ''
      -- A namespace without the id of a task: a subgraph that keeps state from run to run.
      or position(':' in namespace.checkpoint_ns) = 0
      -- Of a task of the root's head, which may be unfinished. Ids grow with time; either sign is enough to keep it.
      or head.root_id = root.checkpoint_id
      or head.checkpoint_id > root.checkpoint_id
      or root.checkpoint_id is null as keeps_head
  ) as verdict
  cross join lateral (
    select checkpoint_ns, checkpoint_id, ctid as place
    from :schema.checkpoints
    where thread_id = $thread_id
      and checkpoint_ns = namespace.checkpoint_ns
      and (
        verdict.keeps_head is not true
        or (
          checkpoint_id < head.checkpoint_id
          -- LangGraph looks for the pending sends of an older format in the parent.
          and (head.format >= 4 or checkpoint_id is distinct from head.parent_checkpoint_id)
        )
      )
    order by checkpoint_id
    limit $limit
  ) as stored
  -- The value of a delta channel is in the writes of all earlier checkpoints.
  where not head.has_deltas
    and not oldest.has_deltas
  limit $limit
),
removed_writes as (
  delete from :schema.checkpoint_writes as write
  using superfluous
  where write.thread_id = $thread_id
    and write.checkpoint_ns = superfluous.checkpoint_ns
    and write.checkpoint_id = superfluous.checkpoint_id
)
delete from :schema.checkpoints
where ctid = any (array(select place from superfluous))
returning checkpoint_ns, checkpoint_id
