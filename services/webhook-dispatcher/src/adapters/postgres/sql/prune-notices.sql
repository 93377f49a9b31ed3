-- prune-notices
-- params  $age_ms bigint, $limit integer
-- result  one row per notice that was forgotten: of what is well for a day, or stands as it was told for that age
-- index   none: there are few
with oldest as (
  select origin, url_hash
  from webhooks.notices
  where state = told_state
    and changed_at < now() - case state when 'well' then interval '1 day' else $age_ms * interval '1 millisecond' end
  limit $limit
  for update skip locked
)
delete from webhooks.notices as notice
using oldest
where notice.origin = oldest.origin
  and notice.url_hash = oldest.url_hash
returning notice.origin
