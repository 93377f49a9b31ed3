-- prune-targets
-- params  $age_ms bigint, $limit integer
-- result  one row per URL that was forgotten: idle ones after a day, those in trouble when they are twice as old, none
--         that is paused
-- index   idle_targets_by_age
with oldest as (
  select url_hash
  from webhooks.targets
  where next_due_at is null
    and paused_at is null
    and updated_at < now() - interval '1 day'
    and (breaker = 'closed' or updated_at < now() - $age_ms * interval '2 milliseconds')
  order by updated_at
  limit $limit
  for update skip locked
)
delete from webhooks.targets as target
using oldest
where target.url_hash = oldest.url_hash
  and target.next_due_at is null
returning target.url_hash
