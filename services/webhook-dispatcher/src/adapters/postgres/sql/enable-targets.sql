-- enable-targets
-- params  $1 endpoint_id bigint, $2 url_hash text, or null for all of its URLs
-- result  the URLs that were disabled; they start anew
-- locks   the caller holds the endpoint
update webhooks.targets
set breaker = 'closed', health = null, parked_until = null, updated_at = now()
where endpoint_id = $1
  and ($2::text is null or url_hash = $2)
  and breaker = 'disabled'
returning url_hash
