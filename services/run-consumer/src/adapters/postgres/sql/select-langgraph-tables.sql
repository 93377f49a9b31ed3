-- Who has made the tables of LangGraph in a schema last; no row for tables that are not there.
-- params  $checkpoint_schema
-- result  made_by
-- locks   none
select made_by
from runlane.langgraph_tables
where checkpoint_schema = $checkpoint_schema
  and to_regclass(format('%I.checkpoint_migrations', $checkpoint_schema::text)) is not null
  and to_regclass(format('%I.store_migrations', $checkpoint_schema::text)) is not null
