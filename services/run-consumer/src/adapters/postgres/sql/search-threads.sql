-- search-threads
-- params  $status text, null for any; $after thread_id of the last thread that was looked at text, null to begin;
--         $look_limit how many to look at bigint, $limit bigint
-- result  at least one row, with how many threads were looked at and the last of them; in each but an empty one a thread
--         that has the status, by id, with the number of its unfinished runs, counted to 1,000
-- index   the primary key: costs as much as the limits say, however rare the status is
with looked as materialized (
  select thread_id, status, resting_status, first_partition, created_at, updated_at
  from runlane.threads
  where $after::text is null or thread_id > $after
  order by thread_id
  limit $look_limit
),
found as materialized (
  select *
  from looked
  where $status::text is null or status = $status
  order by thread_id
  limit $limit
)
select
  look.looked_through, look.looked_count,
  found.thread_id, found.status, found.resting_status, found.first_partition, found.created_at, found.updated_at,
  (
    select count(*)
    from (
      select
      from runlane.runs as run
      where run.thread_id = found.thread_id
        and run.status in ('pending', 'running')
      limit 1000
    ) as counted
  )::integer as unfinished_count
from (select max(thread_id) as looked_through, count(*)::integer as looked_count from looked) as look
left join found on true
order by found.thread_id
