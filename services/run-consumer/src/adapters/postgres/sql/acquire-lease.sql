-- acquire-lease
-- params  $name text, $holder uuid, $lease_ms bigint
-- result  one row if the holder has the lease now, first taken or renewed; none while another one has it
-- clock a lease that ends later than any lease can was written before the clock was set back, and counts as free
-- locks   the lease's row when it is taken or renewed; a refused process only reads, so asking costs no write
insert into runlane.leases as lease (name, holder, expires_at)
select $name, $holder, now() + $lease_ms * interval '1 millisecond'
where not exists (
  select
  from runlane.leases
  where name = $name
    and holder <> $holder
    and expires_at between now() and now() + 10 * $lease_ms * interval '1 millisecond'
)
on conflict (name) do update
set
  holder = excluded.holder,
  expires_at = excluded.expires_at,
  fencing_token = lease.fencing_token + case when lease.holder = excluded.holder then 0 else 1 end
where lease.holder = excluded.holder
   or lease.expires_at not between now() and now() + 10 * $lease_ms * interval '1 millisecond'
returning fencing_token
