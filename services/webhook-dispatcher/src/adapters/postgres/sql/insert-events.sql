-- insert-events
-- params  $1 event_ids text[] sorted and distinct, $2 bodies bytea[]
-- result  none; bodies that are there already stay
insert into webhooks.events (event_id, body)
select *
from unnest($1::text[], $2::bytea[])
on conflict (event_id) do nothing
