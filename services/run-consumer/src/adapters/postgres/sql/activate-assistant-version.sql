-- activate-assistant-version
-- params  $1 assistant_id uuid, $2 version integer, which exists
-- result  none
update runlane.assistants
set active_version = $2, updated_at = now()
where assistant_id = $1
