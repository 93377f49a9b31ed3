-- What a process that executes runs says of itself when it takes its lease. Processes of the version before say nothing.
alter table executors add column version text, add column graph_ids text[];

comment on column executors.version is 'Version of run-consumer; null: one before 0026.';
comment on column executors.graph_ids is 'Graphs of its langgraph.json, the only ones whose runs it claims; null: a version before 0026.';
