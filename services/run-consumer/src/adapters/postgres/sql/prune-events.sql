-- prune-events
-- params  $age_ms bigint, $limit integer
-- result  one row per event that was deleted: published ones, oldest first
-- index   the primary key: the oldest events have the lowest ids, so nothing else is read
with oldest as (
  select outbox_id, published_at
  from runlane.outbox
  order by outbox_id
  limit $limit
)
delete from runlane.outbox
where outbox_id = any (
  array(select outbox_id from oldest where published_at < now() - $age_ms * interval '1 millisecond')
)
returning outbox_id
