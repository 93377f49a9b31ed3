-- create-assistant
-- params  $assistant_id uuid, then its first version: $graph_id text, $name text, $description text,
--         $metadata json, $config json, $context json
-- result  one row; none if there is an assistant with this id
with created as (
  insert into runlane.assistants (assistant_id, active_version)
  values ($assistant_id, 1)
  on conflict (assistant_id) do nothing
  returning assistant_id, active_version
)
insert into runlane.assistant_versions (assistant_id, version, graph_id, name, description, metadata, config, context)
select assistant_id, active_version, $graph_id, $name, $description, $metadata::json, $config::json, $context::json
from created
returning assistant_id, version, graph_id, name, description, metadata, config, context
