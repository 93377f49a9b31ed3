-- add-assistant-version
-- params  $assistant_id uuid, then the version: $graph_id text, $name text, $description text, $metadata json,
--         $config json, $context json
-- result  one row: the version, which is active now; its number is higher than that of any earlier version
-- locks   expects the row of the assistant to be locked
with added as (
  insert into runlane.assistant_versions (assistant_id, version, graph_id, name, description, metadata, config, context)
  select $assistant_id, max(version) + 1, $graph_id, $name, $description, $metadata::json, $config::json, $context::json
  from runlane.assistant_versions
  where assistant_id = $assistant_id
  returning assistant_id, version, graph_id, name, description, metadata, config, context
),
activated as (
  update runlane.assistants as assistant
  set active_version = added.version, updated_at = now()
  from added
  where assistant.assistant_id = added.assistant_id
)
select assistant_id, version, graph_id, name, description, metadata, config, context
from added
