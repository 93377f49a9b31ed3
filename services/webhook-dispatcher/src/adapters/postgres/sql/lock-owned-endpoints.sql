-- lock-owned-endpoints
-- params  $endpoint_ids bigint[], $fencing_tokens bigint[]
-- result  the endpoints with the given fencing token; a missing one belongs to another process by now
-- locks   the endpoints, in the order of their ids: neither intake nor another owner writes to them in the meantime
select endpoint.endpoint_id, endpoint.fence as fencing_token
from webhooks.endpoints as endpoint
join unnest($endpoint_ids::bigint[], $fencing_tokens::bigint[]) as lease (endpoint_id, fence) using (endpoint_id, fence)
order by endpoint.endpoint_id
for no key update of endpoint
