-- select-stopped-if-owned
-- params  $run_ids uuid[], $fencing_tokens bigint[]
-- result  the runs that are still owned under the token and were asked to stop, with the request
-- locks   the runs; the caller holds the rows of their threads
select run.run_id, run.fencing_token, run.thread_id, run.is_temporary, run.cancel_action, run.reason, run.superseded_by
from runlane.runs as run
join unnest($run_ids::uuid[], $fencing_tokens::bigint[]) as lost (run_id, fencing_token) using (run_id, fencing_token)
where run.status = 'running'
  and run.cancel_action is not null
order by run.run_id
for no key update of run
