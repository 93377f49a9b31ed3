-- pause-target
-- params  $url_hash text, $endpoint_id bigint
-- result  none: nothing more is sent to the URL, once who has the lease of its endpoint has heard of it
-- locks   the caller holds the endpoint
with paused as (
  insert into webhooks.targets as target (url_hash, endpoint_id, paused_at)
  values ($url_hash, $endpoint_id, now())
  on conflict (url_hash) do update
  set paused_at = coalesce(target.paused_at, excluded.paused_at), updated_at = now()
)
update webhooks.endpoints
set recalled_at = now()
where endpoint_id = $endpoint_id
