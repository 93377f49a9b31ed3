-- insert-dead-letters
-- params  $1 topic text[], $2 key bytea[], $3 headers json[], $4 value bytea[]: one element a dead letter, in order
-- locks   none but the new rows
insert into runlane.dead_letters (topic, key, headers, value)
select letter.topic, letter.key, letter.headers, letter.value
from unnest($1::text[], $2::bytea[], $3::json[], $4::bytea[])
  with ordinality as letter (topic, key, headers, value, place)
order by letter.place
