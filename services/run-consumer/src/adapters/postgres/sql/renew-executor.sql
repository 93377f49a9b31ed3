-- renew-executor
-- params  $1 executor_id uuid, $2 lease in milliseconds bigint
-- result  one row if the lease still is ours; none means that it was taken and the runs with it (I3)
update runlane.executors
set expires_at = now() + $2 * interval '1 millisecond'
where executor_id = $1
returning executor_id
