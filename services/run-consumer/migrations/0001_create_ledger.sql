-- The ledger of runs. Lock order everywhere: consumer_positions, threads (by thread_id), runs, outbox.

create table threads (
  thread_id text primary key,
  status text not null,
  resting_status text not null default 'idle',
  first_partition integer not null,
  next_lane_position bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint thread_status_is_known check (status in ('idle', 'busy', 'interrupted', 'error')),
  constraint thread_rests_not_busy check (resting_status in ('idle', 'interrupted', 'error')),
  constraint thread_is_busy_or_rests check (status in ('busy', resting_status))
) with (fillfactor = 70);

comment on table threads is 'A lane of runs. The row lock orders everything that happens on the thread.';
comment on column threads.status is 'busy while a run is pending, running or scheduled; otherwise the resting status.';
comment on column threads.resting_status is 'As the last run that counts has left it; a rollback, or the end of a run that never started, leaves it.';
comment on column threads.first_partition is 'The partition the thread was first seen on; another one means that a producer partitions differently.';
comment on column threads.next_lane_position is 'The position that the next run to join the lane gets.';

create table runs (
  run_id uuid primary key,
  thread_id text not null,
  assistant_id text not null,
  graph_id text,
  status text not null,
  reason text,
  multitask_strategy text not null,
  request json not null,
  webhook text generated always as (request ->> 'webhook') stored,
  webhook_events json generated always as (request -> 'webhook_events') stored,
  fingerprint bytea not null,
  metadata json not null,
  traceparent text,
  lane_position bigint,
  scheduled_at timestamptz,
  ready_at timestamptz,
  executor_id uuid,
  fencing_token bigint not null default 0,
  attempt integer not null default 0,
  is_isolated boolean not null default false,
  is_temporary boolean not null default false,
  sequence integer not null default 1,
  blocked_by uuid,
  cancel_action text,
  superseded_by uuid,
  source_topic text not null,
  source_partition integer not null,
  source_offset bigint not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  run_started_at timestamptz,
  run_ended_at timestamptz,
  constraint run_status_is_known check (
    status in ('pending', 'running', 'success', 'error', 'timeout', 'interrupted', 'rollback', 'rejected')
  ),
  constraint run_is_terminal_exactly_when_ended check ((status not in ('pending', 'running')) = (run_ended_at is not null)),
  constraint run_is_running_exactly_when_executed check ((status = 'running') = (executor_id is not null)),
  constraint only_pending_runs_are_ready check (ready_at is null or status = 'pending'),
  constraint only_pending_runs_are_scheduled check (scheduled_at is null or status = 'pending'),
  constraint rejected_and_scheduled_runs_have_no_lane check (
    lane_position is null or (status <> 'rejected' and scheduled_at is null)
  ),
  constraint unfinished_runs_have_a_lane_or_a_time check (
    lane_position is not null or scheduled_at is not null or status in ('rejected', 'interrupted', 'rollback')
  ),
  constraint cancel_action_is_known check (cancel_action in ('interrupt', 'rollback')),
  constraint only_running_runs_are_asked_to_stop check (cancel_action is null or status = 'running'),
  constraint only_stopped_runs_are_superseded check (
    superseded_by is null or cancel_action is not null or status in ('interrupted', 'rollback')
  )
) with (fillfactor = 70);

comment on column runs.request is 'The RunCreate as it executes: accepted, with the config and context of its assistant under its own. Of type json, because jsonb would reorder the keys of the user''s input.';
comment on column runs.webhook is 'Where the run''s events go besides. Generated: reading it out of a large request for each event would parse all of it.';
comment on column runs.fingerprint is 'SHA-256 of the canonical request: the same run_id with another fingerprint is a conflict (I4).';
comment on column runs.lane_position is 'Order within the thread; null for rejected runs, scheduled ones, and those that ended before they joined.';
comment on column runs.cancel_action is 'What a running run was asked to end as. It stays running until its graph and its saver have stopped (I9).';
comment on column runs.superseded_by is 'The run that ended this one, or asked it to end; with the reason, set by whoever came first.';
comment on column runs.scheduled_at is 'When the run joins its lane (after_seconds); null once it has, and for all others.';
comment on column runs.ready_at is 'Set when the run is the first unfinished one of its lane: only such runs can be claimed.';
comment on column runs.fencing_token is 'Grows with every claim and rescue; every later write of the run must match it (I3).';
comment on column runs.is_isolated is 'The run was there when a thread, or twice a process, went: it executes in a process of its own (I10).';
comment on column runs.is_temporary is 'A stateless run with on_completion delete: no checkpointer, and its thread ends with it.';
comment on column runs.sequence is 'Number of events the run has in the outbox so far (I6).';

create unique index one_running_run_per_thread on runs (thread_id) where status = 'running';
create unique index unfinished_runs_by_lane on runs (thread_id, lane_position) where status in ('pending', 'running');
create index scheduled_runs on runs (scheduled_at, run_id) where scheduled_at is not null;
create index scheduled_runs_by_thread on runs (thread_id) where scheduled_at is not null;
create index ready_runs on runs (ready_at, run_id) where ready_at is not null;
create index running_runs_by_executor on runs (executor_id) where status = 'running';

create index runs_by_age on runs using brin (created_at);

create table assistants (
  assistant_id uuid primary key,
  active_version integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table assistant_versions (
  assistant_id uuid not null references assistants on delete cascade,
  version integer not null,
  graph_id text not null,
  name text not null,
  description text,
  metadata json not null,
  config json,
  context json,
  created_at timestamptz not null default now(),
  primary key (assistant_id, version),
  constraint versions_count_from_one check (version >= 1)
);

alter table assistants add constraint active_version_exists
  foreign key (assistant_id, active_version) references assistant_versions (assistant_id, version);

comment on table assistants is 'Assistants under a UUID of their own. Those of the graphs themselves have no row: they follow from langgraph.json.';
comment on column assistants.active_version is 'What runs get that are admitted from now on.';
comment on table assistant_versions is 'Never changed: an update adds one. Of type json, because jsonb would reorder the keys of the user''s config.';
comment on column assistant_versions.config is 'Defaults of the config of its runs, as the RunCreate has it.';

create table consumer_positions (
  group_name text not null,
  topic text not null,
  partition integer not null,
  position bigint not null,
  record_timestamp_ms bigint not null,
  updated_at timestamptz not null default now(),
  primary key (group_name, topic, partition)
) with (fillfactor = 50);

comment on column consumer_positions.position is 'Offset of the last record that is in the ledger, rejected or a dead letter.';
comment on column consumer_positions.record_timestamp_ms is 'Timestamp of that record: another one at the same offset means that the topic was recreated.';

create table executors (
  executor_id uuid primary key,
  host text not null,
  started_at timestamptz not null default now(),
  expires_at timestamptz not null
) with (fillfactor = 50);

comment on table executors is 'One lease per executor process. Runs point to it; a run whose executor has no row is stranded.';

create table leases (
  name text primary key,
  holder uuid not null,
  fencing_token bigint not null default 1,
  expires_at timestamptz not null
) with (fillfactor = 50);

create table foreign_writes (
  entry_id bigint generated always as identity,
  run_id uuid not null,
  thread_id text not null,
  checkpoint_ns text not null,
  checkpoint_id text not null,
  task_id text not null,
  idx integer not null,
  channel text,
  type text,
  blob bytea,
  primary key (run_id, checkpoint_ns, checkpoint_id, task_id, idx),
  constraint what_stood_there_was_whole check ((channel is null) = (blob is null))
);

comment on table foreign_writes is 'Undo journal of unfinished runs: what stood in checkpoint_writes where a run wrote onto a checkpoint of another run (I8).';
comment on column foreign_writes.entry_id is 'Order of the entries: of several for one place, the first is the state before all.';
comment on column foreign_writes.channel is 'With type and blob the row before the run; null: there was none.';

create table outbox (
  outbox_id bigint generated always as identity primary key,
  event_id uuid not null default gen_random_uuid(),
  run_id uuid not null,
  thread_id text not null,
  type text not null,
  sequence integer not null,
  attempt integer not null,
  thread_status text,
  details json,
  occurred_at timestamptz not null default clock_timestamp(),
  run_started_at timestamptz,
  run_ended_at timestamptz,
  published_at timestamptz,
  constraint event_type_is_known check (
    type in (
      'run.pending', 'run.running', 'run.succeeded', 'run.paused', 'run.failed', 'run.timed_out', 'run.interrupted',
      'run.rolled_back', 'run.rejected'
    )
  )
) with (fillfactor = 80);

comment on table outbox is 'Events stored with their state change (I5), published by the relay in the order of outbox_id.';
comment on column outbox.details is 'The fields of the status event that only this event has, as JSON.';

create index unpublished_events on outbox (outbox_id) where published_at is null;
create unique index one_event_per_run_and_sequence on outbox (run_id, sequence);
