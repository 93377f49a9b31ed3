-- lock-assistant
-- params  $assistant_id uuid
-- result  one row if it is stored; its version has to be read afterwards, by a statement that sees who held the lock before
-- locks   its row
select assistant_id
from runlane.assistants
where assistant_id = $assistant_id
for update
