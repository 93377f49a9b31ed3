-- select-expired-executors
-- params  none
-- result  the executors whose leases ended, to be taken by take-expired-executors. None in a ledger that is a copy
select executor_id
from runlane.executors
where expires_at < now()
  and exists (select from runlane.ledger_standing where is_original and claims_are_due)
