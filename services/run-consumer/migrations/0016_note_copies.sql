-- One function notes that the ledger is a copy, for the statements that keep the lease of an executor.

create function note_copy(lease_ms bigint) returns void
language sql volatile
as $$
  update runlane.ledger_life as life
  set
    server_started_at = pg_postmaster_start_time(),
    file = pg_relation_filepath(life.tableoid),
    written_by = pg_current_xact_id()::xid,
    claims_from = case
      when exists (select from runlane.executors)
        or exists (select from runlane.runs where status in ('pending', 'running'))
      then greatest(life.claims_from, now() + lease_ms * interval '1 millisecond')
      else life.claims_from
    end
  where life.server_started_at <> pg_postmaster_start_time()
    or life.file <> pg_relation_filepath(life.tableoid)
    or life.written_by <> life.xmin
$$;

comment on function note_copy is 'Makes a ledger that is a copy the original again: see ledger_life. Runs are claimed in it a lease later, unless there is nothing that an executor may have been at. Call it before what it looks at is written: an executor that registers is none that was there.';
