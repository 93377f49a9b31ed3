-- list-lanes
-- params  $after thread_id of the last lane that was looked at text, null for the first page; $look_limit how many lanes to
--         look at bigint, $depth_limit how deep to count into each bigint, $min_depth integer
-- result  at least one row, with the last lane that was looked at and how many were; in each but an empty one a lane that has at
--         least $min_depth unfinished runs, by thread_id, with its first run that has not ended
-- index   unfinished_runs_by_lane, from lane to lane: costs as much as the limits say, not as there are runs
with recursive lane as (
  (
    select thread_id
    from runlane.runs
    where status in ('pending', 'running')
      and ($after::text is null or thread_id > $after)
    order by thread_id
    limit 1
  )
  union all
  select next.thread_id
  from lane
  cross join lateral (
    select run.thread_id
    from runlane.runs as run
    where run.status in ('pending', 'running')
      and run.thread_id > lane.thread_id
    order by run.thread_id
    limit 1
  ) as next
),
seen as materialized (
  select thread_id from lane limit $look_limit
),
measured as (
  select
    seen.thread_id,
    (
      select count(*)
      from (
        select
        from runlane.runs as run
        where run.thread_id = seen.thread_id
          and run.status in ('pending', 'running')
        limit $depth_limit
      ) as counted
    )::integer as depth
  from seen
)
select
  look.looked_through, look.looked_count, measured.thread_id, measured.depth,
  (
    select run.run_id
    from runlane.runs as run
    where run.thread_id = measured.thread_id
      and run.status in ('pending', 'running')
    order by run.lane_position
    limit 1
  ) as head_run_id
from (select max(thread_id) as looked_through, count(*)::integer as looked_count from seen) as look
left join measured on measured.depth >= $min_depth
order by measured.thread_id
