-- select-sweep-place
-- params  $name text, $age_ms bigint
-- result  how far the sweep has come; none when nobody has kept a place, or the last one longer ago than the age
select walked_through, outbox_id
from runlane.sweep_places
where name = $name
  and updated_at > now() - $age_ms * interval '1 millisecond'
