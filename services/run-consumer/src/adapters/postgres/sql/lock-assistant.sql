-- lock-assistant
-- params  $assistant_id uuid
-- result  one row if it is stored; its version has to be read by a later statement, which sees what the earlier holder of
--         the lock wrote
-- locks   its row
select assistant_id
from runlane.assistants
where assistant_id = $assistant_id
for update
