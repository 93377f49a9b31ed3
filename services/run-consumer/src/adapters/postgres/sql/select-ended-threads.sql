-- select-ended-threads
-- params  $1 outbox_id bigint, $2 age in milliseconds bigint, $3 how many events integer
-- result  the events behind the place that are at least so old, in order; thread_id is null unless a run of the thread ended
-- index   the primary key
select outbox_id, case when run_ended_at is not null and type <> 'run.rejected' then thread_id end as thread_id
from (
  select outbox_id, thread_id, type, run_ended_at, occurred_at
  from runlane.outbox
  where outbox_id > $1
  order by outbox_id
  limit $3
) as event
where occurred_at < now() - $2 * interval '1 millisecond'
order by outbox_id
