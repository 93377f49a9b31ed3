-- enable-targets
-- params  $endpoint_id bigint, $url_hash text, or null for all of its URLs
-- result  the URLs that were disabled; they start anew
-- locks   the caller holds the endpoint
update webhooks.targets
set breaker = 'closed', health = null, parked_until = null, updated_at = now()
where endpoint_id = $endpoint_id
  and ($url_hash::text is null or url_hash = $url_hash)
  and breaker = 'disabled'
returning url_hash
