-- insert-events
-- params  $event_ids text[] sorted and distinct, $bodies bytea[]
-- result  none; bodies that are there already stay
insert into webhooks.events (event_id, body)
select *
from unnest($event_ids::text[], $bodies::bytea[])
on conflict (event_id) do nothing
