-- delete-assistant
-- params  $assistant_id uuid
-- result  its id if there was one; its versions go with it. Runs that were admitted have what they need of it
delete from runlane.assistants
where assistant_id = $assistant_id
returning assistant_id
