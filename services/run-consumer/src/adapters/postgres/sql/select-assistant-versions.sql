-- select-assistant-versions
-- params  $assistant_id uuid
-- result  all versions of the assistant, the latest first; is_active of one of them
select version.assistant_id, version.version, version.graph_id, version.name, version.description, version.metadata,
  version.config, version.context, version.created_at, version.version = assistant.active_version as is_active
from runlane.assistant_versions as version
join runlane.assistants as assistant using (assistant_id)
where version.assistant_id = $assistant_id
order by version.version desc
