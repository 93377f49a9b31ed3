-- settle-deliveries
-- params  one array per column: $delivery_ids, $ends (delivered, retry, dead), $dead_reasons, $details, $waits_ms waits
--         in milliseconds, $is_charged, $yields (ends as superseded when a newer event of its run waits),
--         $attempt_counts how many attempts; then the attempts: $attempt_delivery_ids, $attempt_ns, $attempts_started_at,
--         $attempt_outcomes, $attempts_charged, $attempt_fences, $attempt_statuses, $attempt_messages, $attempt_addresses,
--         $attempts_total_ms, $attempts_dns_ms, $attempts_connect_ms, $attempts_first_byte_ms, $attempts_body_bytes,
--         $attempt_excerpts; then the endpoints, one array per column: $endpoint_ids, $origin_healths (JSON), $origin_breakers,
--         $origin_parked_until_ms (ms since 1970; 0: not); then the same of the URLs: $url_hashes,
--         $target_healths, $target_breakers, $target_parked_until_ms; $event_ids of the deliveries; $has_more of each
--         URL whether its holder knows of more that is due: it stays in line, and nobody looks for what is next
-- result  the deliveries that were settled, and how; a missing one had ended already, or is that of another event: a ledger
--         that went back gives a delivery_id out again (I14)
-- index   deliveries_in_lanes, due_deliveries_by_target. Where a row is looked up by its id or lane, that it is due is asked of
--         ended_at: asked of its state, the planner may walk the index of all that is due beside, once for each row
-- locks   the caller holds the endpoints, so nothing joins or leaves the runs' order meanwhile
with settlement as (
  select *
  from unnest(
    $delivery_ids::bigint[], $ends::text[], $dead_reasons::text[], $details::text[], $waits_ms::bigint[],
    $is_charged::boolean[], $yields::boolean[], $attempt_counts::integer[],
    $event_ids::text[]
  ) as settlement (delivery_id, ending, dead_reason, detail, after_ms, is_charged, yields, sends, event_id)
),
decided as (
  select
    settlement.*, delivery.run_id, delivery.url_hash, delivery.sequence, delivery.is_replay,
    newer.sequence as newer_sequence,
    case when settlement.yields and newer.sequence is not null then 'superseded' else settlement.ending end as outcome
  from settlement
  join webhooks.deliveries as delivery using (delivery_id, event_id)
  left join lateral (
    select sequence
    from webhooks.deliveries
    where run_id = delivery.run_id
      and url_hash = delivery.url_hash
      and ended_at is null
      and not is_replay
      and sequence > delivery.sequence
      and settlement.yields
    order by sequence
    limit 1
  ) as newer on true
  where delivery.ended_at is null
),
settled as (
  update webhooks.deliveries as delivery
  set
    state = case decided.outcome when 'delivered' then 'delivered' when 'retry' then 'due' else 'dead' end,
    dead_reason = case decided.outcome when 'dead' then decided.dead_reason when 'superseded' then 'superseded' end,
    detail = case
      when decided.outcome = 'superseded' then format('Event %s of the run came while its attempt failed.', newer_sequence)
      else decided.detail
    end,
    next_attempt_at = case when decided.outcome = 'retry' then now() + decided.after_ms * interval '1 millisecond' end,
    ended_at = case when decided.outcome <> 'retry' then now() end,
    attempts = delivery.attempts + case when decided.is_charged then 1 else 0 end,
    sends = delivery.sends + decided.sends
  from decided
  where delivery.delivery_id = decided.delivery_id
    and delivery.ended_at is null
  returning
    delivery.delivery_id, delivery.event_id, delivery.run_id, delivery.url_hash, delivery.sequence,
    delivery.is_replay, delivery.next_attempt_at, decided.outcome
),
succeeded as (
  update webhooks.deliveries as delivery
  set next_attempt_at = now()
  from (
    select distinct on (ended.run_id, ended.url_hash, ended.is_replay) waiting.delivery_id
    from settled as ended
    -- By the run: a URL may have a long queue, and the planner cannot know which.
    join webhooks.deliveries as waiting on waiting.run_id = ended.run_id
      and waiting.url_hash || '' = ended.url_hash
      and waiting.is_replay = ended.is_replay
      and waiting.ended_at is null
    where ended.outcome <> 'retry'
      and waiting.delivery_id not in (select delivery_id from settled where outcome <> 'retry')
    order by ended.run_id, ended.url_hash, ended.is_replay, waiting.sequence, waiting.delivery_id
  ) as next
  where delivery.delivery_id = next.delivery_id
    and delivery.next_attempt_at is null
  returning delivery.url_hash
),
kept as (
  insert into webhooks.attempts (
    delivery_id, n, started_at, outcome, is_charged, fence, status, message, address, total_ms, dns_ms, connect_ms,
    first_byte_ms, body_bytes, body_excerpt
  )
  select attempt.*
  from unnest(
    $attempt_delivery_ids::bigint[], $attempt_ns::integer[], $attempts_started_at::timestamptz[], $attempt_outcomes::text[],
    $attempts_charged::boolean[], $attempt_fences::bigint[], $attempt_statuses::integer[], $attempt_messages::text[],
    $attempt_addresses::text[], $attempts_total_ms::integer[], $attempts_dns_ms::integer[], $attempts_connect_ms::integer[],
    $attempts_first_byte_ms::integer[], $attempts_body_bytes::integer[], $attempt_excerpts::text[]
  ) as attempt (
    delivery_id, n, started_at, outcome, is_charged, fence, status, message, address, total_ms, dns_ms, connect_ms,
    first_byte_ms, body_bytes, body_excerpt
  )
  join settled using (delivery_id)
),
remembered as (
  update webhooks.endpoints as endpoint
  set
    health = saved.health::jsonb,
    breaker = saved.breaker,
    parked_until = case when saved.parked_until_ms > 0 then to_timestamp(saved.parked_until_ms / 1000.0) end,
    updated_at = now()
  from unnest($endpoint_ids::bigint[], $origin_healths::text[], $origin_breakers::text[], $origin_parked_until_ms::bigint[])
    as saved (endpoint_id, health, breaker, parked_until_ms)
  where endpoint.endpoint_id = saved.endpoint_id
),
-- The statement sees the deliveries as they were before it: those that it settles itself are taken from its own results.
again as (
  select url_hash, min(next_attempt_at) as due_at
  from settled
  where next_attempt_at is not null
  group by url_hash
),
line as (
  select
    saved.url_hash, saved.health, saved.breaker, saved.has_more,
    case when saved.parked_until_ms > 0 then to_timestamp(saved.parked_until_ms / 1000.0) end as parked_until,
    case when not saved.has_more then least(
      (
        select next_attempt_at
        from webhooks.deliveries
        where url_hash = saved.url_hash
          and state = 'due'
          and next_attempt_at is not null
          and delivery_id not in (select delivery_id from settled)
        order by next_attempt_at
        limit 1
      ),
      (select due_at from again where url_hash = saved.url_hash),
      (select now() from succeeded where url_hash = saved.url_hash limit 1)
    ) end as due_at
  from unnest(
    $url_hashes::text[], $target_healths::text[], $target_breakers::text[], $target_parked_until_ms::bigint[],
    $has_more::boolean[]
  )
    as saved (url_hash, health, breaker, parked_until_ms, has_more)
  offset 0
),
-- What stays in line keeps what is indexed, so that its row is replaced where it is.
lined as (
  update webhooks.targets as target
  set
    health = line.health::jsonb,
    breaker = line.breaker,
    parked_until = line.parked_until,
    next_due_at = case
      when line.has_more then greatest(coalesce(target.next_due_at, now()), line.parked_until)
      when due_at is not null then greatest(due_at, now(), line.parked_until)
    end,
    updated_at = case when line.has_more then target.updated_at else now() end
  from line
  where target.url_hash = line.url_hash
)
select event_id, outcome
from settled
