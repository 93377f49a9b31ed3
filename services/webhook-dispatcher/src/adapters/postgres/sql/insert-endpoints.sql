-- insert-endpoints
-- params  $origins text[] sorted and distinct, $sites text[]
-- result  none
insert into webhooks.endpoints (origin, site)
select *
from unnest($origins::text[], $sites::text[])
on conflict (origin) do nothing
