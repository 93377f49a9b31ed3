-- delete-empty-threads
-- params  $1 thread_ids text[] that this transaction created and on which it accepted nothing
-- result  none; a rejection does not make a thread exist
delete from runlane.threads
where thread_id = any ($1::text[])
