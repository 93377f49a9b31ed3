-- select-oldest-unpublished
-- params  none
-- result  one row: how long the oldest event has been waiting for its topic, in seconds, 0 without one
-- index   unpublished_events
select coalesce(extract(epoch from now() - min(occurred_at)), 0)::float8 as seconds
from (
  select occurred_at
  from runlane.outbox
  where published_at is null
  order by outbox_id
  limit 1
) as oldest
