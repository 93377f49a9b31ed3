-- insert-endpoints
-- params  $1 origins text[] sorted and distinct, $2 sites text[]
-- result  none
insert into webhooks.endpoints (origin, site)
select *
from unnest($1::text[], $2::text[])
on conflict (origin) do nothing
