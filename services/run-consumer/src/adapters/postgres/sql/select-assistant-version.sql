-- select-assistant-version
-- params  $assistant_id uuid, $version integer
-- result  one row if the version exists
select assistant_id, version, graph_id, name, description, metadata, config, context
from runlane.assistant_versions
where assistant_id = $assistant_id
  and version = $version
