-- select-outbox-place
-- params  $idle_ms bigint
-- result  one row: the highest outbox_id of all events that are at least so old; 0 without any
-- index   the primary key, backwards over the young events
select coalesce(
  (
    select outbox_id
    from runlane.outbox
    where occurred_at < now() - $idle_ms * interval '1 millisecond'
    order by outbox_id desc
    limit 1
  ),
  0
) as place
