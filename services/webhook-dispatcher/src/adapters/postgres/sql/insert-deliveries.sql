-- insert-deliveries
-- params  $1 topic text, $2 partition integer, then one array per column: $3 event_ids, $4 url_hashes, $5 urls,
--         $6 endpoint_ids, $7 run_ids, $8 sequences, $9 event types, $10 is_terminal, $11 is_ready,
--         $12 dead reasons (null: due), $13 details, $14 offsets;
--         $15 delivery_ids bigint[] that end as superseded, $16 why
-- result  none
-- locks   the caller holds the endpoints; the sites of those that nobody has leased, in order
with superseded as (
  update webhooks.deliveries as delivery
  set state = 'dead', dead_reason = 'superseded', detail = ended.detail, next_attempt_at = null, ended_at = now()
  from unnest($15::bigint[], $16::text[]) as ended (delivery_id, detail)
  where delivery.delivery_id = ended.delivery_id
    and delivery.state = 'due'
),
made as (
  insert into webhooks.deliveries (
    event_id, url_hash, url, endpoint_id, run_id, sequence, event_type, is_terminal, state, dead_reason, detail,
    next_attempt_at, ended_at, source_topic, source_partition, source_offset
  )
  select
    event_id, url_hash, url, endpoint_id, run_id, sequence, event_type, is_terminal,
    case when dead_reason is null then 'due' else 'dead' end,
    dead_reason, detail,
    case when dead_reason is null and is_ready then now() end,
    case when dead_reason is not null then now() end,
    $1, $2, source_offset
  from unnest(
    $3::text[], $4::text[], $5::text[], $6::bigint[], $7::uuid[], $8::bigint[], $9::text[], $10::boolean[],
    $11::boolean[], $12::text[], $13::text[], $14::bigint[]
  ) as delivery (
    event_id, url_hash, url, endpoint_id, run_id, sequence, event_type, is_terminal, is_ready, dead_reason, detail,
    source_offset
  )
  returning endpoint_id, url_hash, next_attempt_at
),
lined as (
  insert into webhooks.targets as target (url_hash, endpoint_id, next_due_at)
  select url_hash, min(endpoint_id), now()
  from made
  where next_attempt_at is not null
    -- Those in line stay unlocked. Nobody takes them out of it: the caller holds the endpoints.
    and not exists (
      select
      from webhooks.targets as present
      where present.url_hash = made.url_hash
        and present.next_due_at <= now()
    )
  group by url_hash
  order by url_hash
  on conflict (url_hash) do update
  set next_due_at = greatest(now(), target.parked_until)
  where target.next_due_at is null
    or target.next_due_at > greatest(now(), target.parked_until)
  returning endpoint_id, next_due_at
),
woken as (
  update webhooks.endpoints as endpoint
  set next_due_at = least(endpoint.next_due_at, greatest(line.due_at, endpoint.parked_until))
  from (select endpoint_id, min(next_due_at) as due_at from lined group by endpoint_id) as line
  where endpoint.endpoint_id = line.endpoint_id
  returning endpoint.site, endpoint.owner, endpoint.next_due_at
)
-- Locks the site also when it is due already: who looks at it must not miss what is not committed yet.
insert into webhooks.sites as site (site, next_due_at)
select site, min(next_due_at)
from woken
where owner is null
group by site
order by site
on conflict (site) do update
set next_due_at = excluded.next_due_at
where site.next_due_at is null
  or site.next_due_at > excluded.next_due_at
