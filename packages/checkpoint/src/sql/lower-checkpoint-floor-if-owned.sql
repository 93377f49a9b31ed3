-- lower-checkpoint-floor-if-owned
-- params  $1 run_id uuid, $2 fencing_token bigint, $3 the floor text
-- result  none
-- locks   the run row
update runlane.runs
set checkpoint_floor = $3
where run_id = $1
  and fencing_token = $2
  and status = 'running'
  and checkpoint_floor > $3
