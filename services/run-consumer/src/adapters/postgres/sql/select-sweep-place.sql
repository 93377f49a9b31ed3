-- select-sweep-place
-- params  $name text, $age_ms bigint
-- result  how far the sweep has come; no row when no place was kept, or when the last one is older than the age
select walked_through, outbox_id
from runlane.sweep_places
where name = $name
  and updated_at > now() - $age_ms * interval '1 millisecond'
