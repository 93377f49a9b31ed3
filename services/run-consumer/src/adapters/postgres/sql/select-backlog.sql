-- select-backlog
-- params  $lane_limit how many lanes to look at bigint, $depth_limit how deep to look into each bigint, $count_limit
--         how many events, and how many runs of a status, to count bigint
-- result  one row: lanes with unfinished runs by how many they have, of the first $lane_limit by thread_id; how many
--         events are not published, up to $count_limit, and how long the oldest has waited, in seconds; how many
--         executors hold a lease; how many runs are running, pending and, of these, scheduled, each up to $count_limit; how
--         many threads are paused, up to $count_limit, and how long the first of them has been, in seconds
-- index   unfinished_runs_by_lane, from lane to lane: $lane_limit and $depth_limit bound the cost, whatever the number of
--         runs; unpublished_events, running_runs_by_executor, scheduled_runs, paused_threads_by_age: each is read in its
--         order, so that a
--         plan that reads the table is none
-- locks   none
with recursive lane as (
  (
    select thread_id
    from runlane.runs
    where status in ('pending', 'running')
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
depths as (
  select (
    select count(*)
    from (
      select
      from runlane.runs as run
      where run.thread_id = seen.thread_id
        and run.status in ('pending', 'running')
      limit $depth_limit
    ) as counted
  ) as depth
  from (select thread_id from lane limit $lane_limit) as seen
),
waiting as (
  select occurred_at
  from runlane.outbox
  where published_at is null
  order by outbox_id
  limit $count_limit
),
running as (
  select count(*) as run_count
  from (
    select
    from runlane.runs
    where status = 'running'
    order by executor_id
    limit $count_limit
  ) as counted
),
unfinished as (
  select count(*) as run_count
  from (
    select
    from runlane.runs
    where status in ('pending', 'running')
    order by thread_id, lane_position
    limit $count_limit + (select run_count from running)
  ) as counted
),
scheduled as (
  select count(*) as run_count
  from (
    select
    from runlane.runs
    where scheduled_at is not null
    order by scheduled_at, run_id
    limit $count_limit
  ) as counted
),
paused as (
  select paused_at
  from runlane.paused_threads
  order by paused_at, thread_id
  limit $count_limit
)
select
  (select count(*) from paused)::integer as paused_count,
  (
    select coalesce(greatest(extract(epoch from now() - min(paused_at)), 0), 0) from paused
  )::float8 as oldest_paused_seconds,
  (select run_count from running)::integer as running_count,
  greatest((select run_count from unfinished) - (select run_count from running), 0)::integer as pending_count,
  (select run_count from scheduled)::integer as scheduled_count,
  (select count(*) filter (where depth = 1) from depths)::integer as one,
  (select count(*) filter (where depth between 2 and 10) from depths)::integer as up_to_ten,
  (select count(*) filter (where depth between 11 and 100) from depths)::integer as up_to_hundred,
  (select count(*) filter (where depth > 100) from depths)::integer as deeper,
  (select count(*) from waiting)::integer as unpublished_count,
  (
    select coalesce(greatest(extract(epoch from now() - min(occurred_at)), 0), 0) from waiting
  )::float8 as oldest_unpublished_seconds,
  (select count(*) from runlane.executors where expires_at > now())::integer as executor_count
