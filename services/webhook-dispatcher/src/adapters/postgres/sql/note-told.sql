-- note-told
-- params  one array per column: $origins text[], $url_hashes text[], $states text[] that were told
-- result  none; what has changed meanwhile is still to be told
-- locks   the notices, in order
with told as (
  select notice.origin, notice.url_hash, told.state
  from webhooks.notices as notice
  join unnest($origins::text[], $url_hashes::text[], $states::text[]) as told (origin, url_hash, state) using (origin, url_hash)
  order by notice.origin, notice.url_hash
  for update of notice
)
update webhooks.notices as notice
set told_state = told.state
from told
where notice.origin = told.origin
  and notice.url_hash = told.url_hash
