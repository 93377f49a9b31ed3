-- list-ended-runs
-- params  $before_at timestamptz and $before run_id uuid of the last run of the page before, both null for the first page;
--         $limit bigint
-- result  the runs that ended last, each with its end as text, which has the microseconds
-- index   ended_runs_by_age, backwards; runs that ended in the same microsecond are sorted
select run_id, run_ended_at::text as place
from runlane.runs
where run_ended_at is not null
  and ($before_at::timestamptz is null or run_ended_at <= $before_at)
  and ($before_at::timestamptz is null or (run_ended_at, run_id) < ($before_at, $before::uuid))
order by run_ended_at desc, run_id desc
limit $limit
