-- select-run-request
-- params  $run_id uuid
-- result  the RunCreate as it executes, and the trace that it came with; no row without such a run
select request, traceparent
from runlane.runs
where run_id = $run_id
