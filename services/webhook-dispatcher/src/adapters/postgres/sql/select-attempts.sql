-- select-attempts
-- params  $1 delivery_id bigint
-- result  the attempts of the delivery that are kept, in order
-- index   attempts_pkey
select n, started_at, outcome, is_charged, status, message, address, total_ms, body_excerpt
from webhooks.attempts
where delivery_id = $1
order by n
