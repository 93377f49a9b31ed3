-- forget-foreign-writes
-- params  $run_ids uuid[]
-- result  none
-- locks   the journal's entries of the runs
-- index   foreign_writes_pkey
delete from runlane.foreign_writes
where run_id = any($run_ids::uuid[])
