-- forget-foreign-writes
-- params  $1 run_ids uuid[]
-- result  none
-- locks   the journal's entries of the runs
-- index   foreign_writes_pkey
delete from runlane.foreign_writes
where run_id = any($1::uuid[])
