-- mark-events-published
-- params  $1 outbox_ids bigint[]
update runlane.outbox
set published_at = now()
where outbox_id = any ($1::bigint[])
