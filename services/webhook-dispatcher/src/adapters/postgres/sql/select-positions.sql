-- select-positions
-- params  $group_name text, $topic text
-- result  the last record in the ledger per partition that was read
select partition, position
from webhooks.accounts
where group_name = $group_name
  and topic = $topic
