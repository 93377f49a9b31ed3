-- list-assistants
-- params  $1 those behind it uuid, or null; $2 how many bigint
-- result  the stored assistants by id, each in its active version
-- index   assistants_pkey
select assistant.assistant_id, version.version, version.graph_id, version.name, version.description, version.metadata,
  version.config, version.context
from runlane.assistants as assistant
join runlane.assistant_versions as version
  on version.assistant_id = assistant.assistant_id
 and version.version = assistant.active_version
where $1::uuid is null or assistant.assistant_id > $1
order by assistant.assistant_id
limit $2
