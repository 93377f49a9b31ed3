-- Retention reads the oldest ended runs from an index. The ranges of a BRIN index only widen once freed pages are used
-- again, so that a look for old runs would read the whole table.
create index ended_runs_by_age on runs (run_ended_at) where run_ended_at is not null;
drop index runs_by_age;

create table sweep_places (
  name text primary key,
  walked_through text,
  outbox_id bigint not null,
  updated_at timestamptz not null default now()
) with (fillfactor = 50);

comment on table sweep_places is 'How far a sweep has come, so that the next process goes on there.';
comment on column sweep_places.walked_through is 'The last thread of the walk over all threads; null once it has reached the last one.';
comment on column sweep_places.outbox_id is 'The last event whose thread was looked at.';
