-- select-dead-letter-backlog
-- params  $count_limit how many to count at most integer
-- result  one row: how many dead letters wait, their bytes, and how long ago the oldest was stored, in seconds
-- locks   none
select
  count(*)::integer as letter_count,
  coalesce(sum(bytes), 0)::bigint as bytes,
  coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::double precision as oldest_seconds
from (
  select
    created_at,
    coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0) + pg_column_size(headers) as bytes
  from runlane.dead_letters
  order by id
  limit $count_limit
) as letter
