-- acquire-lease
-- params  $1 name text, $2 holder uuid, $3 lease in milliseconds bigint
-- result  one row if the holder has the lease now, first taken or renewed; none while another one has it
insert into runlane.leases as lease (name, holder, expires_at)
values ($1, $2, now() + $3 * interval '1 millisecond')
on conflict (name) do update
set
  holder = excluded.holder,
  expires_at = excluded.expires_at,
  fencing_token = lease.fencing_token + case when lease.holder = excluded.holder then 0 else 1 end
where lease.holder = excluded.holder
   or lease.expires_at < now()
returning fencing_token
