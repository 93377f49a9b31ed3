-- lock-endpoints-of-selection
-- params  $delivery_ids bigint[]
-- result  the endpoints of these deliveries
-- locks   the endpoints, in the order of their ids
select endpoint_id
from webhooks.endpoints
where endpoint_id in (select endpoint_id from webhooks.deliveries where delivery_id = any ($delivery_ids::bigint[]))
order by endpoint_id
for no key update
