-- The role that the console logs in with, which may read and nothing else. Run in Runlane's database once it has its tables, by the role
-- that owns them; may run again. The role itself is made by a superuser, or by the operator of Postgres:
--   create role runlane_console login password '…' connection limit 30;
-- Tables of later migrations are its to read too, since the same role makes them.
grant usage on schema runlane, webhooks, public to runlane_console;
grant select on all tables in schema runlane, webhooks to runlane_console;
grant select on public.checkpoints, public.checkpoint_blobs, public.checkpoint_writes to runlane_console;
alter default privileges in schema runlane, webhooks grant select on tables to runlane_console;
