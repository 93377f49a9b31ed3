-- lower-checkpoint-floor-if-owned
-- params  $run_id uuid, $fencing_token bigint, $floor text
-- result  none
-- locks   the run row
update runlane.runs
set checkpoint_floor = $floor
where run_id = $run_id
  and fencing_token = $fencing_token
  and status = 'running'
  and checkpoint_floor > $floor
