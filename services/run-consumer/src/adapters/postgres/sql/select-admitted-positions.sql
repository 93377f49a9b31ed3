-- select-admitted-positions
-- params  $1 group_name text, $2 topic text
-- result  the last record in the ledger per partition that was read
select partition, position
from runlane.consumer_positions
where group_name = $1
  and topic = $2
