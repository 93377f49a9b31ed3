-- select-assistants
-- params  $assistant_ids uuid[]
-- result  the stored ones among them, each in its active version; one that changes at the same time as it was or as it is now
select assistant.assistant_id, version.version, version.graph_id, version.name, version.description, version.metadata,
  version.config, version.context
from runlane.assistants as assistant
join runlane.assistant_versions as version
  on version.assistant_id = assistant.assistant_id
 and version.version = assistant.active_version
where assistant.assistant_id = any ($assistant_ids::uuid[])
