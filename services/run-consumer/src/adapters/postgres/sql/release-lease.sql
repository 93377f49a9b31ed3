-- release-lease
-- params  $name text, $holder uuid
delete from runlane.leases
where name = $name
  and holder = $holder
