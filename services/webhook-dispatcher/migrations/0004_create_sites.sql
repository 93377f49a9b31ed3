-- Leases go by site: one with countless endpoints costs no more to pass by than one with a few.
-- Lock order everywhere from now on: accounts, events, endpoints (by endpoint_id), targets, deliveries, sites (by site).

create table sites (
  site text primary key,
  next_due_at timestamptz
) with (fillfactor = 50);

comment on table sites is 'One row per site: the line in which sites wait for leases of their endpoints.';
comment on column sites.next_due_at is
  'Never later than the first of its endpoints is due or its lease ends; null when there is none. It is raised only by who '
  'looks afterwards, in a statement of its own, at what the endpoints say.';

insert into sites (site, next_due_at)
select site, min(case when owner is null then next_due_at else least(next_due_at, lease_until) end)
from endpoints
group by site;

create index sites_by_due on sites (next_due_at) where next_due_at is not null;
create index endpoints_in_line on endpoints (site, next_due_at) where next_due_at is not null;
drop index endpoints_by_due;
alter table sites set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
