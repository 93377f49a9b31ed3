-- write-checkpoints-if-owned
-- params  claims: $1 run_ids uuid[], $2 fencing_tokens bigint[]
--         $3 bytea: the bytes of all blobs and writes, one after the other, which arrays of bytea would double
--         checkpoints: $4 claim numbers from 1, $5 thread_ids, $6 namespaces, $7 checkpoint_ids, $8 parent ids, $9 checkpoints,
--         $10 metadata
--         blobs: $11 claim numbers, $12 thread_ids, $13 namespaces, $14 channels, $15 versions, $16 types, $17 offsets from 1,
--         $18 lengths (null: no value)
--         writes: $19 claim numbers, $20 thread_ids, $21 namespaces, $22 checkpoint_ids, $23 task_ids, $24 indexes, $25 channels,
--         $26 types, $27 offsets from 1, $28 lengths, $29 whether they replace earlier ones, $30 whether they belong to a
--         checkpoint of another run. One without a checkpoint_id is not written, and only names a namespace for the journal
-- result  the claims that are valid; rows of the others are not written (I3)
-- journal what stood in the place of each $30 write before the run's first one; all parts of the statement see the rows
--         of before it (I8); and namespaces of subgraphs, where a rollback looks for checkpoints
-- locks   the run rows, shared: a settlement or a rescue waits for this statement, and this statement sees its result
with claim as (
  select *
  from unnest($1::uuid[], $2::bigint[]) with ordinality as claim (run_id, fencing_token, number)
),
owned as (
  select claim.number, run.run_id, run.fencing_token
  from claim
  join runlane.runs as run
    on run.run_id = claim.run_id
    and run.fencing_token = claim.fencing_token
    and run.status = 'running'
  for share of run
),
stored_blobs as (
  insert into :schema.checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
  select thread_id, checkpoint_ns, channel, version, type, substring($3::bytea from byte_offset for byte_length)
  from unnest($11::int[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::int[], $18::int[])
    as blob (number, thread_id, checkpoint_ns, channel, version, type, byte_offset, byte_length)
  join owned using (number)
  on conflict (thread_id, checkpoint_ns, channel, version) do nothing
),
stored_checkpoints as (
  insert into :schema.checkpoints (
    thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata
  )
  select thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint::jsonb, metadata::jsonb
  from unnest($4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
    as checkpoint (number, thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
  join owned using (number)
  on conflict (thread_id, checkpoint_ns, checkpoint_id) do update
  set checkpoint = excluded.checkpoint, metadata = excluded.metadata
),
wanted_writes as (
  select
    thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type,
    substring($3::bytea from byte_offset for byte_length) as blob, replaces, is_foreign, run_id
  from unnest(
    $19::int[], $20::text[], $21::text[], $22::text[], $23::text[], $24::int[], $25::text[], $26::text[], $27::int[],
    $28::int[], $29::boolean[], $30::boolean[]
  ) as write (
    number, thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, byte_offset, byte_length, replaces,
    is_foreign
  )
  join owned using (number)
),
journalled as (
  insert into runlane.foreign_writes (
    run_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
  )
  select
    wanted.run_id, wanted.thread_id, wanted.checkpoint_ns, wanted.checkpoint_id, wanted.task_id, wanted.idx,
    before.channel, before.type, before.blob
  from wanted_writes as wanted
  left join lateral (
    select channel, type, blob
    from :schema.checkpoint_writes as write
    where write.thread_id = wanted.thread_id
      and write.checkpoint_ns = wanted.checkpoint_ns
      and write.checkpoint_id = wanted.checkpoint_id
      and write.task_id = wanted.task_id
      and write.idx = wanted.idx
    limit 1 -- looked up row by row, and only for these
  ) as before on true
  where wanted.is_foreign
  on conflict (run_id, checkpoint_ns, checkpoint_id, task_id, idx) do nothing
),
kept_writes as (
  insert into :schema.checkpoint_writes (
    thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
  )
  select thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
  from wanted_writes
  where not replaces
    and checkpoint_id <> ''
  on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) do nothing
),
replacing_writes as (
  insert into :schema.checkpoint_writes (
    thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
  )
  select thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
  from wanted_writes
  where replaces
  on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) do update
  set channel = excluded.channel, type = excluded.type, blob = excluded.blob
)
select run_id, fencing_token
from owned
