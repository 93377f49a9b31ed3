-- A rollback looks at what was written since the run's first claim, and at no more of the thread's history.
alter table runs add column checkpoint_floor text;

comment on column runs.checkpoint_floor is 'No checkpoint that the run has written has a lower id: the time of its first claim, by its executor''s clock, as a checkpoint id. Null: not known.';
comment on table foreign_writes is 'Undo journal of unfinished runs: what stood in checkpoint_writes where a run wrote onto a checkpoint of another run (I8); and, without a checkpoint_id, the namespaces of subgraphs that it has written checkpoints in.';
