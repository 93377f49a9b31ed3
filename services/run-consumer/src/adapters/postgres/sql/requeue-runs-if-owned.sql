-- requeue-runs-if-owned
-- params  one array per column: $1 run_ids, $2 fencing_tokens, $3 whether the attempt is spent, $4 whether the
--         next one runs alone; once a run does, it stays so
-- result  the runs that went back to pending; they stay first in their lanes, so they are ready at once. One that was
--         asked to stop does not go back: it ends
-- fence   the upper half of the token rises, and the next claim adds its nonce below, so that whoever executed the run can write nothing more (I3)
-- events  none: going back to pending publishes nothing, the next start does
update runlane.runs as run
set
  status = 'pending',
  executor_id = null,
  fencing_token = ((run.fencing_token >> 32) + 1) << 32,
  attempt = case when requeued.spends_attempt then run.attempt else run.attempt - 1 end,
  is_isolated = run.is_isolated or requeued.is_isolated,
  ready_at = clock_timestamp(),
  updated_at = now()
from unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::boolean[])
  as requeued (run_id, fencing_token, spends_attempt, is_isolated)
where run.run_id = requeued.run_id
  and run.fencing_token = requeued.fencing_token
  and run.status = 'running'
  and run.cancel_action is null
returning run.run_id, requeued.fencing_token
