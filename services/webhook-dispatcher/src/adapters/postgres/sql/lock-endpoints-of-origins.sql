-- lock-endpoints-of-origins
-- params  $origins text[]
-- result  the ids of the endpoints
-- locks   the endpoints, in the order of their ids: nothing of them is settled or released in the meantime
select endpoint_id, origin
from webhooks.endpoints
where origin = any ($origins::text[])
order by endpoint_id
for no key update
