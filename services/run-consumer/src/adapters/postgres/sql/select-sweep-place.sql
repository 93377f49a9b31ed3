-- select-sweep-place
-- params  $1 name text, $2 age in milliseconds bigint
-- result  how far the sweep has come; none when nobody has kept a place, or the last one longer ago than the age
select walked_through, outbox_id
from runlane.sweep_places
where name = $1
  and updated_at > now() - $2 * interval '1 millisecond'
