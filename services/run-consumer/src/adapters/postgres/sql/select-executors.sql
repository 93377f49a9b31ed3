-- select-executors
-- params  none
-- result  all executors, with the end of their leases as text, which each renewal changes, and how far away that is, in
--         milliseconds
select
  executor_id, expires_at::text as expires_at, extract(epoch from expires_at - now())::float8 * 1000 as left_ms
from runlane.executors
