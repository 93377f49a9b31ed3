-- The ledger of webhook deliveries. Lock order everywhere: accounts, events, endpoints (by endpoint_id), deliveries.

create table accounts (
  group_name text not null,
  topic text not null,
  partition integer not null,
  first_offset bigint not null,
  position bigint not null,
  record_timestamp_ms bigint not null,
  without_target_count bigint not null default 0,
  repeat_count bigint not null default 0,
  delivery_count bigint not null default 0,
  quarantined_count bigint not null default 0,
  absent_count bigint not null default 0,
  pruned_delivery_count bigint not null default 0,
  pruned_quarantine_count bigint not null default 0,
  updated_at timestamptz not null default now(),
  primary key (group_name, topic, partition)
) with (fillfactor = 50);

comment on table accounts is 'What became of every offset of a partition, from first_offset to position (I14).';
comment on column accounts.first_offset is 'Offset of the first record that was ever read.';
comment on column accounts.position is 'Offset of the last record that is in the ledger; first_offset - 1 before the first.';
comment on column accounts.record_timestamp_ms is 'Timestamp of that record: another one at the same offset means that the topic was recreated.';
comment on column accounts.repeat_count is 'Records whose delivery was in the ledger already.';
comment on column accounts.absent_count is 'Offsets that the log did not hold any more when they were to be read.';

create table endpoints (
  endpoint_id bigint generated always as identity primary key,
  origin text not null unique,
  site text not null,
  breaker text not null default 'closed',
  parked_until timestamptz,
  health jsonb,
  next_due_at timestamptz,
  owner uuid,
  fence bigint not null default 0,
  leased_at timestamptz,
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint breaker_is_known check (breaker in ('closed', 'open', 'disabled')),
  constraint endpoint_is_leased_exactly_when_owned check ((owner is null) = (lease_until is null))
) with (fillfactor = 50);

comment on table endpoints is 'One row per origin. Who holds its lease sends its deliveries; every write of theirs matches the fence.';
comment on column endpoints.health is 'What is remembered of its answers, written by the holder of the lease; null before the first attempt.';
comment on column endpoints.parked_until is 'Until then nothing is sent: an open breaker, or a Retry-After of the whole origin.';
comment on column endpoints.next_due_at is 'When to look at its deliveries next; null when none is due. Means nothing while a lease runs.';

create index endpoints_by_due on endpoints (next_due_at) where next_due_at is not null;
create index leased_endpoints_by_site on endpoints (site) where owner is not null;

create table events (
  event_id text primary key,
  body bytea not null,
  created_at timestamptz not null default now()
);

comment on column events.body is 'The status event as it is sent: the JSON bytes of the record.';

create index events_by_age on events using brin (created_at);

create table deliveries (
  delivery_id bigint generated always as identity primary key,
  event_id text not null references events,
  url_hash text not null,
  url text not null,
  endpoint_id bigint not null references endpoints,
  run_id uuid not null,
  sequence bigint not null,
  event_type text not null,
  is_terminal boolean not null,
  state text not null,
  dead_reason text,
  detail text,
  next_attempt_at timestamptz,
  attempts integer not null default 0,
  sends integer not null default 0,
  is_replay boolean not null default false,
  source_topic text not null,
  source_partition integer not null,
  source_offset bigint not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  constraint delivery_state_is_known check (state in ('due', 'delivered', 'dead')),
  constraint delivery_is_ended_exactly_when_not_due check ((state = 'due') = (ended_at is null)),
  constraint only_due_deliveries_are_attempted check (next_attempt_at is null or state = 'due'),
  constraint dead_deliveries_say_why check ((state = 'dead') = (dead_reason is not null)),
  constraint dead_reason_is_known check (
    dead_reason in ('exhausted', 'gone', 'aborted', 'blocked', 'disabled', 'superseded')
  )
) with (fillfactor = 70);

comment on column deliveries.url is 'A credential of the receiver: never log it.';
comment on column deliveries.next_attempt_at is 'Null while an earlier event of the same run and URL has not ended.';
comment on column deliveries.attempts is 'Attempts charged since it was made or replayed.';
comment on column deliveries.sends is 'Attempts of any kind, ever: the number of the last attempt row.';
comment on column deliveries.detail is 'Why it is dead, in words.';

create unique index one_delivery_per_event_and_url on deliveries (event_id, url_hash);
create index deliveries_to_attempt on deliveries (endpoint_id, next_attempt_at, delivery_id) where next_attempt_at is not null;
create index due_deliveries_in_order on deliveries (run_id, url_hash, sequence) where state = 'due';
create index due_deliveries_by_endpoint on deliveries (endpoint_id, created_at) where state = 'due';
create index deliveries_by_run on deliveries (run_id);
create index dead_deliveries_by_reason on deliveries (dead_reason) where dead_reason is not null;
create index ended_deliveries_by_age on deliveries (ended_at) where ended_at is not null;

create table attempts (
  delivery_id bigint not null references deliveries on delete cascade,
  n integer not null,
  started_at timestamptz not null,
  outcome text not null,
  is_charged boolean not null,
  fence bigint not null,
  status integer,
  message text,
  address text,
  total_ms integer not null,
  dns_ms integer,
  connect_ms integer,
  first_byte_ms integer,
  body_bytes integer,
  body_excerpt text,
  primary key (delivery_id, n)
);

comment on column attempts.outcome is 'delivered, refused (an answer that is not 2xx), blocked, infrastructure, or the class of failure.';

create table quarantine (
  group_name text not null,
  topic text not null,
  partition integer not null,
  record_offset bigint not null,
  record_timestamp_ms bigint not null,
  key bytea,
  value bytea,
  headers jsonb not null,
  code text not null,
  message text not null,
  created_at timestamptz not null default now(),
  primary key (group_name, topic, partition, record_offset, record_timestamp_ms)
);

comment on table quarantine is 'Records that are no status event that can be delivered, byte for byte.';

-- Bloat of the due rows is what slows a queue in Postgres down.
alter table deliveries set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
alter table endpoints set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
