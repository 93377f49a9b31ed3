-- keep-sweep-place
-- params  $1 name text, $2 walked_through text or null, $3 outbox_id bigint
insert into runlane.sweep_places (name, walked_through, outbox_id)
values ($1, $2, $3)
on conflict (name) do update
set walked_through = excluded.walked_through, outbox_id = excluded.outbox_id, updated_at = now()
