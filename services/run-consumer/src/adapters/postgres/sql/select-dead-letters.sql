-- select-dead-letters
-- params  $limit integer, $max_bytes bigint: of keys, values and headers as stored,
--         $without_ids bigint[] to leave out
-- result  the oldest dead letters in the order of id: as many as fit into $max_bytes and the one that passes it, so at
-- least one if there is any; found_count says how many there are, up to $limit. An id is no cursor: a transaction that took
--         its id earlier may commit later
-- locks   none
select
  id, topic, key, headers, value, found_count, (extract(epoch from created_at) * 1000000)::bigint as stored_us
from (
  select
    letter.*,
    (count(*) over ())::integer as found_count,
    coalesce(
      sum(
        coalesce(octet_length(letter.key), 0)
        + coalesce(octet_length(letter.value), 0)
        + octet_length(letter.headers::text)
      ) over (order by letter.id rows between unbounded preceding and 1 preceding),
      0
    ) as bytes_before
  from (
    select *
    from runlane.dead_letters
    where id <> all ($without_ids::bigint[])
    order by id
    limit $limit
  ) as letter
) as sized
where bytes_before = 0
   or bytes_before < $max_bytes
order by id
