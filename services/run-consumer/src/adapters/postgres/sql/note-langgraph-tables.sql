-- Notes who has made the tables of LangGraph in a schema.
-- params  $checkpoint_schema
--         $made_by a version, see langgraph-tables.ts
-- result  none
-- locks   the row
insert into runlane.langgraph_tables (checkpoint_schema, made_by)
values ($checkpoint_schema, $made_by)
on conflict (checkpoint_schema) do update set made_by = excluded.made_by
