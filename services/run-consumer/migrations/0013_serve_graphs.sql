-- A process claims only runs of graphs that it has: an index that begins with the graph, in the place of the one without.
create table served_graphs (
  graph_id text primary key,
  served_at timestamptz not null default now(),
  first_served_at timestamptz not null default now()
) with (fillfactor = 50);

comment on table served_graphs is 'Graphs that processes execute, of all of their langgraph.json together. Rows stay when nobody serves a graph any more: how old they are decides.';
comment on column served_graphs.served_at is 'When a process last said that it has the graph; each says so every few seconds.';

create index ready_runs_by_graph on runs (graph_id, ready_at, run_id) where ready_at is not null;
drop index ready_runs;
