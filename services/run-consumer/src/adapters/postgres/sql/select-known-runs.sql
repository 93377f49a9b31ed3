-- select-known-runs
-- params  $run_ids uuid[]
-- result  the runs that are in the ledger; a run that is marked to end counts as ended
select
  run.run_id, run.thread_id, encode(run.fingerprint, 'hex') as fingerprint, run.source_topic, run.source_partition,
  run.source_offset,
  run.run_ended_at is not null
    or (
      run.status = 'pending'
      and coalesce(run.lane_position, runlane.admission_place(run.admission_position)) <= coalesce(thread.ended_through, 0)
    ) as is_finished
from runlane.runs as run
left join runlane.threads as thread using (thread_id)
where run.run_id = any ($run_ids::uuid[])
