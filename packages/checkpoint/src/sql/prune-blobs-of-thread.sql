-- prune-blobs-of-thread
-- params  $thread_id text, $limit how many values integer
-- result  one row per value that was deleted, because no checkpoint of the thread refers to it
-- locks   the deleted rows; the caller makes sure that no run of the thread executes or starts meanwhile
-- index   the primary keys. For threads that have been pruned down to few checkpoints; of a longer one nothing is deleted,
--         so that what is read is bounded
with remaining as (
  select checkpoint_ns, checkpoint -> 'channel_versions' as channel_versions
  from :schema.checkpoints
  where thread_id = $thread_id
  limit 1001
),
referred as (
  select checkpoint_ns, channel, version
  from remaining
  cross join lateral jsonb_each_text(channel_versions) as reference (channel, version)
),
unreferred as (
  select checkpoint_ns, channel, version
  from :schema.checkpoint_blobs
  where thread_id = $thread_id
    and (select count(*) from remaining) <= 1000
    and (checkpoint_ns, channel, version) not in (select checkpoint_ns, channel, version from referred)
  order by checkpoint_ns, channel, version
  limit $limit
)
delete from :schema.checkpoint_blobs as blob
using unreferred
where blob.thread_id = $thread_id
  and blob.checkpoint_ns = unreferred.checkpoint_ns
  and blob.channel = unreferred.channel
  and blob.version = unreferred.version
returning blob.checkpoint_ns, blob.channel, blob.version
