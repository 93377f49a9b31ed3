-- insert-dead-letters
-- params  $topics text[], $keys bytea[], $headers json[], $values bytea[]: one element a dead letter,
--         in order
-- locks   none but the new rows
insert into runlane.dead_letters (topic, key, headers, value)
select letter.topic, letter.key, letter.headers, letter.value
from unnest($topics::text[], $keys::bytea[], $headers::json[], $values::bytea[])
  with ordinality as letter (topic, key, headers, value, place)
order by letter.place
