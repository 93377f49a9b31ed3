-- delete-dead-letters
-- params  $1 ids bigint[], $2 when each was stored bigint[], in microseconds since 1970: a ledger that went back gives an id
--         out again, and the dead letter that has it now may not be published (I1)
-- locks   the rows
delete from runlane.dead_letters as letter
using unnest($1::bigint[], $2::bigint[]) as published (id, stored_us)
where letter.id = published.id
  and (extract(epoch from letter.created_at) * 1000000)::bigint = published.stored_us
