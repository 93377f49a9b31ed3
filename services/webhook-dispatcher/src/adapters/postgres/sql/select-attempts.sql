-- select-attempts
-- params  $delivery_id bigint
-- result  the attempts of the delivery that are kept, in order
-- index   attempts_pkey
select n, started_at, outcome, is_charged, status, message, address, total_ms, body_excerpt
from webhooks.attempts
where delivery_id = $delivery_id
order by n
