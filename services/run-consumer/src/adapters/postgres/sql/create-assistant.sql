-- create-assistant
-- params  $1 assistant_id uuid, then its first version: $2 graph_id text, $3 name text, $4 description text,
--         $5 metadata json, $6 config json, $7 context json
-- result  one row; none if there is an assistant with this id
with created as (
  insert into runlane.assistants (assistant_id, active_version)
  values ($1, 1)
  on conflict (assistant_id) do nothing
  returning assistant_id, active_version
)
insert into runlane.assistant_versions (assistant_id, version, graph_id, name, description, metadata, config, context)
select assistant_id, active_version, $2, $3, $4, $5::json, $6::json, $7::json
from created
returning assistant_id, version, graph_id, name, description, metadata, config, context
