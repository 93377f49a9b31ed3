-- add-assistant-version
-- params  $1 assistant_id uuid, then the version: $2 graph_id text, $3 name text, $4 description text, $5 metadata json,
--         $6 config json, $7 context json
-- result  one row: the version, which is active now and numbered after all that were ever there
-- locks   expects the row of the assistant to be locked
with added as (
  insert into runlane.assistant_versions (assistant_id, version, graph_id, name, description, metadata, config, context)
  select $1, max(version) + 1, $2, $3, $4, $5::json, $6::json, $7::json
  from runlane.assistant_versions
  where assistant_id = $1
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
