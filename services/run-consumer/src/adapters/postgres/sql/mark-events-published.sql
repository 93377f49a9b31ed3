-- mark-events-published
-- params  $outbox_ids bigint[], $event_ids uuid[] of the same events: a ledger that went back gives an outbox_id out
--         again, and the event that has it now, under an event_id of its own, may not be published (I1)
-- index   the primary key: a join with pairs would read the whole table while the planner knows it as a small one
update runlane.outbox
set published_at = now()
where outbox_id = any ($outbox_ids::bigint[])
  and event_id = any ($event_ids::uuid[])
