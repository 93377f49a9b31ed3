-- select-due-deliveries
-- params  $1 endpoint_ids bigint[], $2 how many of each integer[], $3 delivery_ids bigint[] that are being looked after
-- result  deliveries whose time has come, per endpoint the longest due first
-- index   deliveries_to_attempt: what waits for an earlier event of its run is not in it
select
  delivery.delivery_id, delivery.endpoint_id, delivery.event_id, delivery.run_id, delivery.url_hash, delivery.url,
  delivery.sequence, delivery.is_terminal, delivery.is_replay, delivery.attempts, delivery.sends, event.body
from unnest($1::bigint[], $2::integer[]) as wanted (endpoint_id, how_many)
cross join lateral (
  select *
  from webhooks.deliveries
  where endpoint_id = wanted.endpoint_id
    and next_attempt_at <= now()
    and delivery_id <> all ($3::bigint[])
  order by next_attempt_at, delivery_id
  limit wanted.how_many
) as delivery
join webhooks.events as event using (event_id)
order by delivery.next_attempt_at, delivery.delivery_id
