-- A request may end any number of runs of a thread. The first end with it; the others are marked by a position, and end in
-- transactions of their own.
alter table threads add column ended_through bigint not null default 0;
alter table runs add column admission_position bigint;

comment on column threads.ended_through is 'Waiting runs through this position have ended for everybody; rows and events of those that still wait follow: see lane_ends.';
comment on column runs.admission_position is 'Of a scheduled run its place among the lane positions when it was admitted; null for all others, and for those that an older version admitted.';

create table lane_ends (
  thread_id text not null,
  through_position bigint not null,
  ended_position bigint not null,
  action text not null,
  reason text not null,
  superseded_by uuid,
  created_at timestamptz not null default now(),
  primary key (thread_id, through_position),
  constraint action_is_known check (action in ('interrupt', 'rollback'))
) with (fillfactor = 50);

comment on table lane_ends is 'What marked runs end as, oldest mark of a thread first; a row goes when the last run of it has ended.';
comment on column lane_ends.through_position is 'The last position that is marked.';
comment on column lane_ends.ended_position is 'The marked runs up to here have ended.';

-- In the place of the one without a position: marked runs are passed over, however many they are.
create index scheduled_runs_by_admission on runs (thread_id, coalesce(admission_position, 9223372036854775807))
  where scheduled_at is not null;
drop index scheduled_runs_by_thread;
