-- requeue-runs-if-owned
-- params  one array per column: $run_ids, $fencing_tokens, $spends_attempt whether the attempt is spent, $is_isolated
--         whether the next one runs alone; once a run does, it stays so
-- result  the runs that went back to pending; they stay first in their lanes, so they are ready immediately, except for the
--         wait below. A run that was asked to stop does not go back: it ends
-- wait nothing ends a run that comes back without spending an attempt, so its claims must not follow each other without a
--         pause. From the fourth such return on, the next claim comes no sooner than 250 ms after the last one, then twice
--         as long each time, up to 30 s. A run that executes for longer than that in between does not wait. Claims are
--         counted by the token, whose upper half rises with each claim and each return
-- fence   the upper half of the token rises, and the next claim adds its nonce below, so that whoever executed the run
--         can write nothing more (I3)
-- attempt the next claim counts on from attempt. The number in the latest event is kept beside it: if the run ends while it
--         waits, its last event has no smaller one
-- events  none: going back to pending publishes nothing, the next start does
update runlane.runs as run
set
  status = 'pending',
  executor_id = null,
  fencing_token = ((run.fencing_token >> 32) + 1) << 32,
  attempt = case when requeued.spends_attempt then run.attempt else run.attempt - 1 end,
  begun_attempt = run.attempt,
  is_isolated = run.is_isolated or requeued.is_isolated,
  ready_at = case
    when requeued.spends_attempt or (run.fencing_token >> 33) - run.attempt < 2 then clock_timestamp()
    -- Since its claim, nothing has changed a run that was not asked to stop.
    else greatest(
      clock_timestamp(),
      run.updated_at
        + least(250 * 2 ^ least((run.fencing_token >> 33) - run.attempt - 2, 7), 30000) * interval '1 millisecond'
    )
  end,
  updated_at = now()
from unnest($run_ids::uuid[], $fencing_tokens::bigint[], $spends_attempt::boolean[], $is_isolated::boolean[])
  as requeued (run_id, fencing_token, spends_attempt, is_isolated)
where run.run_id = requeued.run_id
  and run.fencing_token = requeued.fencing_token
  and run.status = 'running'
  and run.cancel_action is null
returning run.run_id, requeued.fencing_token
