-- mark-events-published
-- params  $1 outbox_ids bigint[], $2 event_ids uuid[], in pairs: a ledger that went back gives an outbox_id out again, and
--         the event that has it now may not be published (I1)
update runlane.outbox as event
set published_at = now()
from unnest($1::bigint[], $2::uuid[]) as published (outbox_id, event_id)
where event.outbox_id = published.outbox_id
  and event.event_id = published.event_id
