-- lock-resting-thread
-- params  $thread_id text
-- result  one row if no run of the thread is pending, running or scheduled; none also when somebody else holds it
-- locks   the thread, against admissions; a locked thread is skipped, because pruning must delay nothing
select thread_id
from runlane.threads
where thread_id = $thread_id
  and status <> 'busy'
for update skip locked
