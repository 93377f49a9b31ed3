-- LangGraph's tables are made by LangGraph's own package, which takes longer to load than the tables take to look at.
create table langgraph_tables (
  checkpoint_schema text primary key,
  made_by text not null
);

comment on table langgraph_tables is 'Which version of @langchain/langgraph-checkpoint-postgres has made or migrated the tables of a schema last.';
