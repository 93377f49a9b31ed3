-- release-lease
-- params  $1 name text, $2 holder uuid
delete from runlane.leases
where name = $1
  and holder = $2
