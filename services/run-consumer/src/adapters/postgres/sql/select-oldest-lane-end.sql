-- select-oldest-lane-end
-- params  $thread_id text (its row is locked by the caller)
-- result  its oldest mark, if there is any, and the status of the thread
-- index   the primary key
select mark.through_position, mark.ended_position, mark.action, mark.reason, mark.superseded_by, thread.status
from runlane.lane_ends as mark
left join runlane.threads as thread using (thread_id)
where mark.thread_id = $thread_id
order by mark.through_position
limit 1
