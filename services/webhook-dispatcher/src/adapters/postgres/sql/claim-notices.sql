-- claim-notices
-- params  $pause_ms bigint, $limit integer
-- result  the notices about URLs and origins that have to be published, the longest waiting first. Nobody else claims them
--         until the pause is over; then they are published again, unless they were noted as published. So each notice is
--         published at least once, and at most one for each URL in a pause
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
