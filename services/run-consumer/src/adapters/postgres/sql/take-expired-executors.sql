-- take-expired-executors
-- params  none
-- result  the executors whose leases ended; without their rows their runs are stranded. None in a ledger that is a copy,
--         until a lease after that was noted: it has forgotten renewals, so that the leases of the living look expired (I11)
delete from runlane.executors
where expires_at < now()
  and exists (select from runlane.ledger_standing where is_original and claims_are_due)
returning executor_id, host
