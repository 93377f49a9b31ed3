-- What the ledger knows of itself, in one row: whether it went back, by a failover or a restore.

create table ledger_life (
  is_only boolean primary key default true,
  server_started_at timestamptz not null,
  file text not null,
  written_by xid not null,
  claims_from timestamptz not null,
  constraint ledger_has_one_life check (is_only)
);

comment on table ledger_life is 'Which server, which files and which transaction this row is of. Where they are others than the row says, the ledger is a copy: it may have forgotten claims whose runs still execute (I3).';
comment on column ledger_life.server_started_at is 'Start of the server that wrote the row. A standby, and a server on restored files, started at another time.';
comment on column ledger_life.file is 'File of the table in that server. That of another database, and of a table that was created again, is another.';
comment on column ledger_life.written_by is 'The transaction that wrote the row, which is its xmin, unless a dump brought it.';
comment on column ledger_life.claims_from is 'No run is claimed and no lease taken before: by then whoever executes a forgotten claim has heard of it or lost its lease.';

insert into ledger_life (server_started_at, file, written_by, claims_from)
values (pg_postmaster_start_time(), pg_relation_filepath('ledger_life'), pg_current_xact_id()::xid, '-infinity');

create view ledger_standing as
select
  server_started_at = pg_postmaster_start_time()
    and file = pg_relation_filepath(tableoid)
    and written_by = xmin as is_original,
  claims_from <= now() as claims_are_due
from ledger_life;
