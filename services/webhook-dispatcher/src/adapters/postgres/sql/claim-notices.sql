-- claim-notices
-- params  $pause_ms bigint, $limit integer
-- result  what of URLs and origins is to be told, the longest untold first. Nobody else claims it before the pause is over, after
--         which it is told again, unless it was noted as told: so a change is told at least once, and of one URL not more than one
--         in a pause
-- index   untold_notices
with picked as (
  select origin, url_hash
  from webhooks.notices
  where state <> told_state
    and (told_at is null or told_at < now() - $pause_ms * interval '1 millisecond')
  order by changed_at
  limit $limit
  for update skip locked
)
update webhooks.notices as notice
set told_at = now()
from picked
where notice.origin = picked.origin
  and notice.url_hash = picked.url_hash
returning notice.origin, notice.url_hash, notice.state, notice.because, notice.changed_at, notice.change_count
