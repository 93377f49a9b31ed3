-- insert-deliveries
-- params  $topic text, $partition integer, then one array per column: $event_ids, $url_hashes, $urls,
--         $endpoint_ids, $run_ids, $sequences, $event_types, $is_terminal, $is_ready,
--         $dead_reasons (null: due), $details, $offsets;
--         $ended_delivery_ids bigint[] that end as superseded, $ended_details why
-- result  none
-- locks   the caller holds the endpoints; the sites of those that nobody has leased, in order
with superseded as (
  update webhooks.deliveries as delivery
  set state = 'dead', dead_reason = 'superseded', detail = ended.detail, next_attempt_at = null, ended_at = now()
  from unnest($ended_delivery_ids::bigint[], $ended_details::text[]) as ended (delivery_id, detail)
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
    $topic, $partition, source_offset
  from unnest(
    $event_ids::text[], $url_hashes::text[], $urls::text[], $endpoint_ids::bigint[], $run_ids::uuid[],
    $sequences::bigint[], $event_types::text[], $is_terminal::boolean[],
    $is_ready::boolean[], $dead_reasons::text[], $details::text[], $offsets::bigint[]
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
