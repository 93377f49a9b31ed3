-- select-assistant-version
-- params  $1 assistant_id uuid, $2 version integer
-- result  one row if there is such a version
select assistant_id, version, graph_id, name, description, metadata, config, context
from runlane.assistant_versions
where assistant_id = $1
  and version = $2
