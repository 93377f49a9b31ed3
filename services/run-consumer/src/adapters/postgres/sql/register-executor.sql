-- register-executor
-- params  $1 executor_id uuid, $2 host text, $3 lease in milliseconds bigint
insert into runlane.executors (executor_id, host, expires_at)
values ($1, $2, now() + $3 * interval '1 millisecond')
