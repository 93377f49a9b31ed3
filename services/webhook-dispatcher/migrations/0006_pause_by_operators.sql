-- What operators do to URLs and origins, records in quarantine that shall be read again, and what operators are to be told.
-- Lock order: notices come last, after sites; each under the lock of its endpoint, or by who tells of it, who holds nothing else.

alter table endpoints
  add column paused_at timestamptz,
  add column recalled_at timestamptz;
alter table targets add column paused_at timestamptz;
comment on column endpoints.paused_at is 'Since when an operator lets nothing be sent to any URL of it.';
comment on column endpoints.recalled_at is 'A lease from before is to be given back as soon as what is under way has ended.';
comment on column targets.paused_at is 'Since when an operator lets nothing be sent to it.';

-- Whoever writes, the pause holds: what has its time gets it when the pause is lifted.
create function keep_endpoint_paused() returns trigger language plpgsql as $$
begin
  new.parked_until := 'infinity';
  if new.next_due_at is not null then new.next_due_at := 'infinity'; end if;
  return new;
end
$$;
create trigger paused_endpoints before update on endpoints
for each row when (new.paused_at is not null) execute function keep_endpoint_paused();
create trigger paused_targets before insert or update on targets
for each row when (new.paused_at is not null) execute function keep_endpoint_paused();

alter table quarantine add column asked_at timestamptz;
comment on column quarantine.asked_at is 'An operator wants it to be read again, and none has done so yet.';
create index asked_quarantine on quarantine (asked_at) where asked_at is not null;

create table notices (
  origin text not null,
  url_hash text not null default '',
  state text not null,
  because text,
  changed_at timestamptz not null default now(),
  change_count bigint not null default 1,
  told_state text not null default 'well',
  told_at timestamptz,
  primary key (origin, url_hash),
  constraint notice_state_is_known check (state in ('well', 'failing', 'parked', 'paused', 'disabled'))
) with (fillfactor = 70);

comment on table notices is 'How the URLs and origins stand that were ever in trouble, and what of it operators were told.';
comment on column notices.url_hash is 'Empty for the origin itself.';
comment on column notices.change_count is 'Tells one change from the next: part of the id of the event.';

create index untold_notices on notices (changed_at) where state <> told_state;

create function trouble_of_target(breaker text, paused_at timestamptz, health jsonb) returns text
language sql immutable as $$
  select case
    when breaker = 'disabled' then 'disabled'
    when paused_at is not null then 'paused'
    when breaker = 'open' then 'parked'
    when jsonb_typeof(health #> '{failing,count}') = 'number' and (health #> '{failing,count}')::numeric >= 3 then 'failing'
    else 'well'
  end
$$;

create function trouble_of_endpoint(breaker text, paused_at timestamptz) returns text
language sql immutable as $$
  select case when paused_at is not null then 'paused' when breaker = 'open' then 'parked' else 'well' end
$$;

-- In the transaction of the change, so that no change can be without its notice.
create function note_target() returns trigger language plpgsql as $$
begin
  insert into webhooks.notices as notice (origin, url_hash, state, because)
  select
    endpoint.origin, new.url_hash,
    webhooks.trouble_of_target(new.breaker, new.paused_at, new.health), new.health #>> '{breaker,because}'
  from webhooks.endpoints as endpoint
  where endpoint.endpoint_id = new.endpoint_id
  on conflict (origin, url_hash) do update
  set state = excluded.state, because = excluded.because, changed_at = now(), change_count = notice.change_count + 1;
  return null;
end
$$;
create trigger noted_targets after update on targets
for each row when (
  trouble_of_target(old.breaker, old.paused_at, old.health)
  is distinct from trouble_of_target(new.breaker, new.paused_at, new.health)
) execute function note_target();

create function note_endpoint() returns trigger language plpgsql as $$
begin
  insert into webhooks.notices as notice (origin, state)
  values (new.origin, webhooks.trouble_of_endpoint(new.breaker, new.paused_at))
  on conflict (origin, url_hash) do update
  set state = excluded.state, changed_at = now(), change_count = notice.change_count + 1;
  return null;
end
$$;
create trigger noted_endpoints after update on endpoints
for each row when (
  trouble_of_endpoint(old.breaker, old.paused_at) is distinct from trouble_of_endpoint(new.breaker, new.paused_at)
) execute function note_endpoint();
