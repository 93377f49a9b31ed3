-- select-executors
-- params  none
-- result  all executors, with when their leases end as text, which another renewal makes another, and how long that is from
--         now, in milliseconds
select
  executor_id, expires_at::text as expires_at, extract(epoch from expires_at - now())::float8 * 1000 as left_ms
from runlane.executors
