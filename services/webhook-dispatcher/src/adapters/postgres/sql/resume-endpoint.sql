-- resume-endpoint
-- params  $endpoint_id bigint
-- result  none: neither a pause of an operator, nor a breaker, nor a pause that was asked for keeps its URLs from being
--         sent to
-- locks   the caller holds the endpoint
update webhooks.endpoints
set
  paused_at = null,
  parked_until = null,
  breaker = 'closed',
  health = health || jsonb_build_object(
    'breaker', '{"kind": "closed"}'::jsonb,
    'pace', coalesce(health -> 'pace', '{}') || '{"pausedUntilMs": 0, "nextAtMs": 0}'
  ),
  updated_at = now()
where endpoint_id = $endpoint_id
