-- delete-assistant
-- params  $1 assistant_id uuid
-- result  its id if there was one; its versions go with it. Runs that were admitted have what they need of it
delete from runlane.assistants
where assistant_id = $1
returning assistant_id
