-- The role that KEDA logs in with, and the one thing that it may do: ask how many runs are ready or run.
-- Run once in Runlane's database, by a superuser or by the owner of the database with the right to create roles; may run again.
-- It reads no table itself. The body names tables that need not exist yet. In the dump of a database too, other than the role.
do $$
begin
  create role runlane_autoscaler login;
exception
  when duplicate_object or unique_violation then null;
end
$$;

create schema if not exists runlane_autoscaling;

-- Result: bigint, the runs that are ready and those that run; the latter too, since without them a busy executor would look idle.
create or replace function runlane_autoscaling.busy_runs() returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select count(*) from runlane.runs where ready_at is not null)
    + (select count(*) from runlane.runs where status = 'running');
end
$$;

-- The function reads as the owner of the database, who makes the tables, and not as a superuser.
do $$
begin
  execute format(
    'alter function runlane_autoscaling.busy_runs() owner to %s',
    (select datdba::regrole from pg_database where datname = current_database())
  );
end
$$;

revoke all on function runlane_autoscaling.busy_runs() from public;
grant usage on schema runlane_autoscaling to runlane_autoscaler;
grant execute on function runlane_autoscaling.busy_runs() to runlane_autoscaler;
