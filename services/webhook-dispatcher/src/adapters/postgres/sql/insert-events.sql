-- insert-events
-- params  $1 event_ids text[] sorted and distinct, $2 bodies bytea[], $3 traceparents text[], null where there is none
-- result  none; bodies that are there already stay, and are as new: pruning must not take them away under a delivery
insert into webhooks.events (event_id, body, traceparent)
select *
from unnest($1::text[], $2::bytea[], $3::text[])
on conflict (event_id) do update
set created_at = now()
