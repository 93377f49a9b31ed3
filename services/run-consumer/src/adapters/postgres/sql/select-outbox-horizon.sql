-- select-outbox-horizon
-- params  $outbox_id bigint: events before it are published
-- result  one row: ledger, the name of this life of the ledger, which changes with a copy, and null while nobody has noted
--         the copy; oldest_open, next_transaction: every transaction before the first has ended, none from the second on has
--         begun; highest_id of all events; oldest_unpublished id from $outbox_id on, or null
-- index   the primary key, unpublished_events
select
  (
    select life.written_by::text
    from runlane.ledger_life as life, runlane.ledger_standing as standing
    where standing.is_original
  ) as ledger,
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_open,
  pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_transaction,
  coalesce((select max(outbox_id) from runlane.outbox), 0) as highest_id,
  (select min(outbox_id) from runlane.outbox where published_at is null and outbox_id >= $outbox_id) as oldest_unpublished
