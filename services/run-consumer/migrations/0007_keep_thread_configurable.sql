-- A thread's configurable carries over to its later runs: the assistant's under the thread's under the run's own.
alter table threads add column configurable jsonb;
alter table runs add column own_configurable jsonb, add column assistant_configurable jsonb;

comment on column threads.configurable is 'config.configurable of the runs that have ended on the thread, merged in the order of the lane, of its assistants beneath. A run that was rolled back, or never started, brought nothing.';
comment on column runs.own_configurable is 'config.configurable of the request as it was sent; null without one.';
comment on column runs.assistant_configurable is 'The same of the assistant when the run was admitted.';
