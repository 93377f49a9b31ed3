-- insert-events
-- params  $event_ids text[] sorted and distinct, $bodies bytea[], $traceparents text[], null where there is none
-- result  none; existing bodies stay and get a new age, so that pruning does not delete them under a delivery
insert into webhooks.events (event_id, body, traceparent)
select *
from unnest($event_ids::text[], $bodies::bytea[], $traceparents::text[])
on conflict (event_id) do update
set created_at = now()
