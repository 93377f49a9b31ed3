-- insert-events
-- params  $event_ids text[] sorted and distinct, $bodies bytea[], $traceparents text[], null where there is none
-- result  none; bodies that are there already stay, and are as new: pruning must not take them away under a delivery
insert into webhooks.events (event_id, body, traceparent)
select *
from unnest($event_ids::text[], $bodies::bytea[], $traceparents::text[])
on conflict (event_id) do update
set created_at = now()
