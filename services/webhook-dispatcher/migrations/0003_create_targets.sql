-- Health, pauses and the line belong to the URL: strangers share origins.
-- Lock order everywhere from now on: accounts, events, endpoints (by endpoint_id), targets, deliveries.

create table targets (
  url_hash text primary key,
  endpoint_id bigint not null,
  breaker text not null default 'closed',
  parked_until timestamptz,
  health jsonb,
  next_due_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint target_breaker_is_known check (breaker in ('closed', 'open', 'disabled'))
) with (fillfactor = 50);

comment on table targets is 'One row per URL. Written under the lock of its endpoint.';
comment on column targets.health is 'What is remembered of its answers, written by the holder of the lease; null before the first attempt.';
comment on column targets.parked_until is 'Until then nothing is sent: an open breaker, a pause that was asked for, its pace.';
comment on column targets.next_due_at is 'Its place in the line of its endpoint, and when to look at its deliveries; null when none is due.';

create index targets_in_line on targets (endpoint_id, next_due_at) where next_due_at is not null;
create index idle_targets_by_age on targets (updated_at) where next_due_at is null;
alter table targets set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);

alter table deliveries add column due_since timestamptz not null default now();
comment on column deliveries.due_since is 'When it was made, or replayed last.';

create index due_deliveries_by_target on deliveries (url_hash, next_attempt_at, delivery_id) where state = 'due';
drop index due_deliveries_by_endpoint;
drop index deliveries_to_attempt;

insert into targets (url_hash, endpoint_id, next_due_at)
select url_hash, min(endpoint_id), coalesce(min(next_attempt_at), now())
from deliveries
where state = 'due'
group by url_hash;

-- What disabled an origin was an answer of one of its URLs, and nobody knows which.
update endpoints
set breaker = 'closed', health = null, parked_until = null
where breaker = 'disabled';
