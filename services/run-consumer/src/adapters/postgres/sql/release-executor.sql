-- release-executor
-- params  $1 executor_id uuid
delete from runlane.executors
where executor_id = $1
