-- insert-events
-- params  $event_ids text[] sorted and distinct, $bodies bytea all of them after each other, $body_starts integer[] where each
--         begins, from 1, $body_bytes integer[] how long each is, $traceparents text[], null where there is none
-- result  none; existing bodies stay and get a new age, so that pruning does not delete them under a delivery
insert into webhooks.events (event_id, body, traceparent)
select event_id, substring($bodies::bytea from body_start for byte_count), traceparent
from unnest($event_ids::text[], $body_starts::integer[], $body_bytes::integer[], $traceparents::text[])
  as event (event_id, body_start, byte_count, traceparent)
on conflict (event_id) do update
set created_at = now()
