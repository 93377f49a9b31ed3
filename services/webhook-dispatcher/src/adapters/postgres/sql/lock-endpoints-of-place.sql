-- lock-endpoints-of-place
-- params  $origin text, or null; $url_hash text, or null: one of both
-- result  the endpoint of the origin, or of the URL
-- locks   the endpoint
select endpoint_id, origin
from webhooks.endpoints
where origin = $origin
  or endpoint_id = (select endpoint_id from webhooks.targets where url_hash = $url_hash)
order by endpoint_id
for no key update
