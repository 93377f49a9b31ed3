-- Threads that wait for somebody's answer, the longest first: whoever answers finds them without a look at all threads. In a
-- table of its own, because an index over what each run changes of a thread would make each of these changes dearer.
create table paused_threads (
  thread_id text primary key,
  paused_at timestamptz not null default now()
);

comment on table paused_threads is 'Threads whose status is interrupted; written by a trigger in the transaction that changes the status.';

create index paused_threads_by_age on paused_threads (paused_at, thread_id);

create function note_pause() returns trigger language plpgsql as $$
begin
  if tg_op <> 'DELETE' and new.status = 'interrupted' then
    insert into runlane.paused_threads (thread_id) values (new.thread_id) on conflict (thread_id) do nothing;
  else
    delete from runlane.paused_threads where thread_id = old.thread_id;
  end if;
  return null;
end
$$;

comment on function note_pause is 'Runs under the lock of the thread, and only where a pause begins or ends.';

create trigger noted_pauses after update on threads
for each row when ((old.status = 'interrupted') <> (new.status = 'interrupted')) execute function note_pause();
create trigger forgotten_pauses after delete on threads
for each row when (old.status = 'interrupted') execute function note_pause();

insert into paused_threads (thread_id, paused_at)
select thread_id, updated_at
from threads
where status = 'interrupted';
