-- save-health
-- params  one array per column: $1 endpoint_ids, $2 health (JSON), $3 breakers, $4 parked until (ms since 1970; 0: not)
-- result  none; the caller holds the endpoints by their fences
update webhooks.endpoints as endpoint
set
  health = saved.health::jsonb,
  breaker = saved.breaker,
  parked_until = case when saved.parked_until_ms > 0 then to_timestamp(saved.parked_until_ms / 1000.0) end,
  updated_at = now()
from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) as saved (endpoint_id, health, breaker, parked_until_ms)
where endpoint.endpoint_id = saved.endpoint_id
