-- delete-dead-letters
-- params  $ids bigint[], $stored_us when each was stored bigint[], in microseconds since 1970: a ledger that went back
--         gives an id out again, and the dead letter that has it now may not be published (I1)
-- locks   the rows
delete from runlane.dead_letters as letter
using unnest($ids::bigint[], $stored_us::bigint[]) as published (id, stored_us)
where letter.id = published.id
  and (extract(epoch from letter.created_at) * 1000000)::bigint = published.stored_us
