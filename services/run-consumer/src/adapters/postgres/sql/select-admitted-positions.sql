-- select-admitted-positions
-- params  $group_name text, $topic text
-- result  the last record in the ledger per partition that was read
select partition, position
from runlane.consumer_positions
where group_name = $group_name
  and topic = $topic
