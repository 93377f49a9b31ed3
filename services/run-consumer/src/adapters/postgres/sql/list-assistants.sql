-- list-assistants
-- params  $after those behind it uuid, or null; $limit bigint
-- result  the stored assistants by id, each in its active version
-- index   assistants_pkey
select assistant.assistant_id, version.version, version.graph_id, version.name, version.description, version.metadata,
  version.config, version.context
from runlane.assistants as assistant
join runlane.assistant_versions as version
  on version.assistant_id = assistant.assistant_id
 and version.version = assistant.active_version
where $after::uuid is null or assistant.assistant_id > $after
order by assistant.assistant_id
limit $limit
