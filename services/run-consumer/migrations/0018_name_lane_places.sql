-- A stateless run may come upon a thread that others had before, under the id that follows from its own.
-- First, because it locks the table, and so waits for nobody who waits for a thread that is locked below.
alter table threads add column is_temporary boolean not null default false;

comment on column threads.is_temporary is 'A temporary run has made it, and no other was accepted on it: it goes with the run.';

-- Where a lane goes on behind its marks, said once: Postgres puts the text of these functions in their place, so that they cost
-- no call, and use the indexes.
create function admission_place(admission_position bigint) returns bigint
language sql immutable parallel safe
return coalesce(admission_position, 9223372036854775807);

comment on function admission_place is 'Of a scheduled run its place among the lane positions; of one that an older version admitted the last, which no mark reaches.';

create function waiting_runs(of_thread text, behind bigint)
returns table (
  run_id uuid, status text, ready_at timestamptz, lane_position bigint, admission_position bigint, cancel_action text,
  source_topic text, source_partition integer, source_offset bigint, created_at timestamptz
)
language sql stable parallel safe
begin atomic
  select
    run.run_id, run.status, run.ready_at, run.lane_position, run.admission_position, run.cancel_action,
    run.source_topic, run.source_partition, run.source_offset, run.created_at
  from runs as run
  where run.thread_id = of_thread
    and run.status = 'pending'
    and run.lane_position > behind;
end;

comment on function waiting_runs is 'Runs that wait in the lane of the thread, without those that are marked to end: its ended_through is the place behind which they stand. Sort by lane_position.';

create function scheduled_runs(of_thread text, behind bigint)
returns table (
  run_id uuid, status text, place bigint, lane_position bigint, admission_position bigint, cancel_action text,
  source_topic text, source_partition integer, source_offset bigint, created_at timestamptz
)
language sql stable parallel safe
begin atomic
  select
    run.run_id, run.status, admission_place(run.admission_position), run.lane_position, run.admission_position,
    run.cancel_action, run.source_topic, run.source_partition, run.source_offset, run.created_at
  from runs as run
  where run.thread_id = of_thread
    and run.scheduled_at is not null
    and admission_place(run.admission_position) > behind;
end;

comment on function scheduled_runs is 'The same of those that are to join it. Sort by place.';

-- Those that a version without marks has admitted get places, so that a mark reaches them: a long lane of them would be ended
-- in one transaction otherwise.
with old as (
  select
    run_id, thread_id,
    row_number() over (partition by thread_id order by created_at, source_partition, source_offset) as nth
  from runs
  where scheduled_at is not null
    and admission_position is null
),
locked as materialized (
  select thread_id, next_lane_position
  from threads
  where thread_id = any (array(select thread_id from old))
  order by thread_id
  for update
),
placed as (
  update runs as run
  set admission_position = locked.next_lane_position + old.nth - 1
  from old
  join locked using (thread_id)
  where run.run_id = old.run_id
    and run.scheduled_at is not null
)
update threads as thread
set next_lane_position = thread.next_lane_position + counted.run_count
from (select thread_id, count(*) as run_count from old group by thread_id) as counted
join locked using (thread_id)
where thread.thread_id = counted.thread_id;
