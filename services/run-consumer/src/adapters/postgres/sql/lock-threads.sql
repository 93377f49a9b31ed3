-- lock-threads
-- params  $thread_ids text[]
-- result  the threads that exist
-- locks   their rows, in the order of thread_id, which is the same for everyone
select thread_id, status, resting_status, first_partition, next_lane_position, last_offset, stray_offsets
from runlane.threads
where thread_id = any ($thread_ids::text[])
order by thread_id
for update
