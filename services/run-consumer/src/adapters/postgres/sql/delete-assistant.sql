-- delete-assistant
-- params  $assistant_id uuid
-- result  its id if it existed; its versions are deleted too. Admitted runs have a copy of what they need
delete from runlane.assistants
where assistant_id = $assistant_id
returning assistant_id
