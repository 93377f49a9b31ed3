-- select-events-of-run
-- params  $run_id uuid
-- result  the events of the run that the outbox still has, in order
-- index   one_event_per_run_and_sequence
select event_id, type, sequence, attempt, occurred_at, published_at, thread_status, details
from runlane.outbox
where run_id = $run_id
order by sequence
