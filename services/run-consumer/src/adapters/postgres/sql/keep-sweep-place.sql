-- keep-sweep-place
-- params  $name text, $walked_through text or null, $outbox_id bigint
insert into runlane.sweep_places (name, walked_through, outbox_id)
values ($name, $walked_through, $outbox_id)
on conflict (name) do update
set walked_through = excluded.walked_through, outbox_id = excluded.outbox_id, updated_at = now()
