-- lock-marked-runs
-- params  $thread_id text (its row is locked by the caller), $behind_position bigint behind which to look,
--         $through_position the last position to look at bigint, $limit integer
-- result  the first runs of the thread after the position that have not ended, and whether each was claimed earlier and went
--         back: it may have left checkpoints. A running run is among them until it was asked to stop; in a marked lane only
--         a process of a version without marks can have claimed it
-- locks   these runs; a claim or a return that is under way is waited for
-- index   unfinished_runs_by_lane, scheduled_runs_by_admission
with marked as materialized (
  select run_id
  from (
    (
      select run_id, lane_position as position
      from runlane.runs
      where thread_id = $thread_id
        and status in ('pending', 'running')
        and lane_position > $behind_position
        and lane_position <= $through_position
        and cancel_action is null
      order by lane_position
      limit $limit
    )
    union all
    (
      select run_id, place
      from runlane.scheduled_runs($thread_id, $behind_position)
      where place <= $through_position
      order by place
      limit $limit
    )
  ) as either
  order by position
  limit $limit
)
select
  run_id, coalesce(lane_position, admission_position) as position,
  status = 'running' as is_running, status = 'pending' and fencing_token > 0 and not is_temporary as is_begun,
  source_topic, source_partition, source_offset
from runlane.runs
where run_id = any (array(select run_id from marked))
order by position
for no key update
