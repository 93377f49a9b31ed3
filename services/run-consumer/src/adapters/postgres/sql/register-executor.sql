-- register-executor
-- params  $1 executor_id uuid, $2 host text, $3 lease in milliseconds bigint
-- result  nothing. A ledger that is a copy is noted as such, as renew-executor does
-- locks   the executor; the row of ledger_life where it is a copy
with noted as (
  update runlane.ledger_life as life
  set
    server_started_at = pg_postmaster_start_time(),
    file = pg_relation_filepath(life.tableoid),
    written_by = pg_current_xact_id()::xid,
    claims_from = case
      when exists (select from runlane.executors)
        or exists (select from runlane.runs where status in ('pending', 'running'))
      then greatest(life.claims_from, now() + $3 * interval '1 millisecond')
      else life.claims_from
    end
  where life.server_started_at <> pg_postmaster_start_time()
    or life.file <> pg_relation_filepath(life.tableoid)
    or life.written_by <> life.xmin
)
insert into runlane.executors (executor_id, host, expires_at)
values ($1, $2, now() + $3 * interval '1 millisecond')
