-- select-endpoints-of-origins
-- params  $origins text[]
-- result  the ids of those endpoints that there are; ids never change, and endpoints stay
select endpoint_id, origin
from webhooks.endpoints
where origin = any ($origins::text[])
