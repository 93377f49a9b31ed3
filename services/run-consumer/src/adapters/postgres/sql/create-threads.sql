-- create-threads
-- params  $thread_ids text[], $partition integer
-- result  the threads that did not exist; the caller deletes those on which nothing was accepted
insert into runlane.threads (thread_id, status, first_partition)
select thread_id, 'idle', $partition
from unnest($thread_ids::text[]) as wanted (thread_id)
order by thread_id
on conflict (thread_id) do nothing
returning thread_id
