-- lock-owned-endpoints
-- params  $endpoint_ids bigint[], $fences bigint[]
-- result  those whose fence is still the given one; a missing one is somebody else's by now
-- locks   the endpoints, in the order of their ids: neither intake nor another owner writes to them meanwhile
select endpoint.endpoint_id, endpoint.fence
from webhooks.endpoints as endpoint
join unnest($endpoint_ids::bigint[], $fences::bigint[]) as lease (endpoint_id, fence) using (endpoint_id, fence)
order by endpoint.endpoint_id
for no key update of endpoint
