-- close-claims
-- params  $lease_ms bigint
-- result  nothing: no run is claimed for as long as a lease. The log knows what the ledger does not, so the ledger may have
--         forgotten claims (I3)
-- locks   the row of ledger_life
update runlane.ledger_life as life
set
  server_started_at = pg_postmaster_start_time(),
  file = pg_relation_filepath(life.tableoid),
  written_by = pg_current_xact_id()::xid,
  claims_from = greatest(life.claims_from, now() + $lease_ms * interval '1 millisecond')
