-- update-lanes
-- params  $thread_ids text[], $next_lane_positions bigint[], $is_temporary whether a temporary run has made it and is
--         alone on it boolean[], $offsets of the last run that each has got bigint[], $source_partition that of the runs
--         integer (their rows are locked by the caller)
-- result  none; the threads have a run and are busy
-- offsets a thread that was at rest has only these runs in flight
update runlane.threads as thread
set
  status = 'busy',
  next_lane_position = changed.next_lane_position,
  is_temporary = changed.is_temporary,
  last_offset = case
    when thread.first_partition <> $source_partition then case thread.status when 'busy' then thread.last_offset else -1 end
    when thread.status <> 'busy' then changed.last_offset
    when thread.last_offset is not null then greatest(thread.last_offset, changed.last_offset)
  end,
  stray_offsets = case
    when thread.first_partition = $source_partition then case thread.status when 'busy' then thread.stray_offsets end
    when thread.status <> 'busy' then jsonb_build_object($source_partition::text, changed.last_offset)
    else coalesce(thread.stray_offsets, '{}') || jsonb_build_object(
      $source_partition::text,
      greatest((thread.stray_offsets ->> $source_partition::text)::bigint, changed.last_offset)
    )
  end,
  updated_at = now()
from unnest($thread_ids::text[], $next_lane_positions::bigint[], $is_temporary::boolean[], $offsets::bigint[])
  as changed (thread_id, next_lane_position, is_temporary, last_offset)
where thread.thread_id = changed.thread_id
