-- select-run-request
-- params  $1 run_id uuid
-- result  the RunCreate as it executes; none without such a run
select request
from runlane.runs
where run_id = $1
