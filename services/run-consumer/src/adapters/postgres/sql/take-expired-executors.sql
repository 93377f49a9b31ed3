-- take-expired-executors
-- params  none
-- result  the executors whose leases ended; without their rows their runs are stranded
delete from runlane.executors
where expires_at < now()
returning executor_id, host
