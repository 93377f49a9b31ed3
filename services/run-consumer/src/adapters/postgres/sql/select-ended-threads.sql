-- select-ended-threads
-- params  $outbox_id bigint, $idle_ms bigint, $limit how many events integer
-- result  the events behind the place that are at least so old, in order; thread_id is null unless a run of the thread
--         ended
-- index   the primary key
select outbox_id, case when run_ended_at is not null and type <> 'run.rejected' then thread_id end as thread_id
from (
  select outbox_id, thread_id, type, run_ended_at, occurred_at
  from runlane.outbox
  where outbox_id > $outbox_id
  order by outbox_id
  limit $limit
) as event
where occurred_at < now() - $idle_ms * interval '1 millisecond'
order by outbox_id
