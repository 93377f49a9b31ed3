-- close-claims
-- params  $lease_ms bigint
-- result  none; no run is claimed for the length of a lease. The log has records that the ledger lacks, so the ledger may
--         have forgotten claims (I3)
-- locks   the row of ledger_life
update runlane.ledger_life as life
set
  server_started_at = pg_postmaster_start_time(),
  file = pg_relation_filepath(life.tableoid),
  written_by = pg_current_xact_id()::xid,
  claims_from = greatest(life.claims_from, now() + $lease_ms * interval '1 millisecond')
