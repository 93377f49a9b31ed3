-- pause-endpoint
-- params  $endpoint_id bigint
-- result  none: nothing more is sent to any URL of it, once who has its lease has heard of it, a few seconds later
-- locks   the caller holds the endpoint
update webhooks.endpoints
set paused_at = coalesce(paused_at, now()), recalled_at = now(), updated_at = now()
where endpoint_id = $endpoint_id
