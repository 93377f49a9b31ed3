-- activate-assistant-version
-- params  $assistant_id uuid, $version integer, which exists
-- result  none
update runlane.assistants
set active_version = $version, updated_at = now()
where assistant_id = $assistant_id
