-- take-expired-executors
-- params  $executor_ids uuid[], of which an earlier statement saw that their leases had ended
-- result  those of them whose leases are not renewed; without their rows their runs are stranded. None in a ledger that
--         is a copy, until a lease after that was noted: it has forgotten renewals, so that the leases of the living
--         look expired (I11)
delete from runlane.executors
where executor_id = any ($executor_ids::uuid[])
  and expires_at < now()
  and exists (select from runlane.ledger_standing where is_original and claims_are_due)
returning executor_id, host
