-- search-deliveries
-- params  $before bigint the last delivery that was looked at, null to begin; null for all: $states text[], $origin text,
--         $since made since timestamptz; $look_limit how many to look at bigint, $limit bigint
-- result  at least one row, with how many deliveries were looked at, the last of them and whether all were made before $since;
--         in each but an empty one a delivery that fits, the latest first, without its URL, which is a credential of the receiver
-- index   the primary key backwards: costs as much as the limits say, however rare the state is
with looked as materialized (
  select
    delivery_id, event_id, run_id, sequence, event_type, endpoint_id, url_hash, state, dead_reason, detail, next_attempt_at,
    attempts, sends, is_replay, created_at, ended_at
  from webhooks.deliveries
  where $before::bigint is null or delivery_id < $before
  order by delivery_id desc
  limit $look_limit
),
found as materialized (
  select *
  from looked
  where ($states::text[] is null or state = any ($states))
    and ($since::timestamptz is null or created_at >= $since)
    and ($origin::text is null or endpoint_id in (select endpoint_id from webhooks.endpoints where origin = $origin))
  order by delivery_id desc
  limit $limit
)
select
  look.looked_through, look.looked_count, look.is_before,
  found.delivery_id, found.event_id, found.run_id, found.sequence, found.event_type,
  (select origin from webhooks.endpoints as endpoint where endpoint.endpoint_id = found.endpoint_id) as origin,
  found.url_hash, found.state, found.dead_reason, found.detail, found.next_attempt_at, found.attempts,
  found.sends, found.is_replay, found.created_at, found.ended_at
from (
  select
    min(delivery_id) as looked_through, count(*)::integer as looked_count,
    coalesce(max(created_at) < $since, false) as is_before
  from looked
) as look
left join found on true
order by found.delivery_id desc
