-- take-executors
-- params  $executor_ids uuid[], $renewals for each expires_at as select-executors gave it, text[]
-- result  the executors whose leases were not renewed since; without their rows their runs are stranded. None in a ledger
--         that is a copy, until the length of a lease after that was noted: it has forgotten renewals, so the leases of
--         living executors look ended (I11)
delete from runlane.executors as executor
using unnest($executor_ids::uuid[], $renewals::text[]) as ended (executor_id, expires_at)
where executor.executor_id = ended.executor_id
  and executor.expires_at = ended.expires_at::timestamptz
  and exists (select from runlane.ledger_standing where is_original and claims_are_due)
returning executor.executor_id, executor.host
