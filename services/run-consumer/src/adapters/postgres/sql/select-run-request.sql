-- select-run-request
-- params  $run_id uuid
-- result  the RunCreate as it executes; no row without such a run
select request
from runlane.runs
where run_id = $run_id
