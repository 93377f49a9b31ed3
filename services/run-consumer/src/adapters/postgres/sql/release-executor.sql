-- release-executor
-- params  $executor_id uuid
delete from runlane.executors
where executor_id = $executor_id
