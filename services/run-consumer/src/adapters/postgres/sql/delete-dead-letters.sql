-- delete-dead-letters
-- params  $1 ids bigint[]
-- locks   the rows
delete from runlane.dead_letters
where id = any ($1::bigint[])
