-- resume-targets
-- params  $endpoint_id bigint, $url_hash text, or null for all of its URLs
-- result  the URLs that something kept from being sent to: a pause of an operator, a breaker, a pause that was asked
--         for. What is disabled stays so
-- locks   the caller holds the endpoint
update webhooks.targets
set
  paused_at = null,
  parked_until = null,
  breaker = case breaker when 'open' then 'closed' else breaker end,
  health = health
    || case breaker
      when 'open' then '{"breaker": {"kind": "closed"}, "minutes": [], "timeoutsInARow": 0}'::jsonb
      else '{}'
    end
    || jsonb_build_object('pace', coalesce(health -> 'pace', '{}') || '{"pausedUntilMs": 0, "nextAtMs": 0}'),
  updated_at = now()
where endpoint_id = $endpoint_id
  and ($url_hash::text is null or url_hash = $url_hash)
  and (paused_at is not null or breaker = 'open' or parked_until > now())
returning url_hash
