-- lock-endpoints-of-place
-- params  $1 origin text, or null; $2 url_hash text, or null: one of both
-- result  the endpoint of the origin, or of the URL
-- locks   the endpoint
select endpoint_id, origin
from webhooks.endpoints
where origin = $1
  or endpoint_id = (select endpoint_id from webhooks.targets where url_hash = $2)
order by endpoint_id
for no key update
