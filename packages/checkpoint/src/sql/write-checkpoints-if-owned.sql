-- write-checkpoints-if-owned
-- params  claims: $run_ids uuid[], $fencing_tokens bigint[]
--         $bytes bytea: the bytes of all blobs and writes, one after the other, which arrays of bytea would double
--         checkpoints: $checkpoint_claims numbers of claims from 1, $checkpoint_thread_ids, $checkpoint_namespaces,
--         $checkpoint_ids, $parent_ids, $checkpoints, $metadata
--         blobs: $blob_claims numbers of claims, $blob_thread_ids, $blob_namespaces, $blob_channels, $blob_versions,
--         $blob_types, $blob_offsets from 1, $blob_lengths (null: no value)
--         writes: $write_claims numbers of claims, $write_thread_ids, $write_namespaces, $write_checkpoint_ids, $task_ids,
--         $indexes, $write_channels, $write_types, $write_offsets from 1, $write_lengths, $replaces whether they replace
--         earlier ones, $is_foreign whether they belong to a checkpoint of another run. One without a checkpoint_id is not
--         written, and only names a namespace for the journal
-- result  the claims that are valid; rows of the others are not written (I3)
-- journal what each $is_foreign write replaced before the run's first one; all parts of the statement see the rows as they
--         were before it (I8); and namespaces of subgraphs, where a rollback looks for checkpoints
-- locks   the run rows, shared: a settlement or a rescue waits for this statement, and this statement sees its result
with claim as (
  select *
  from unnest($run_ids::uuid[], $fencing_tokens::bigint[]) with ordinality as claim (run_id, fencing_token, number)
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
  select thread_id, checkpoint_ns, channel, version, type, substring($bytes::bytea from byte_offset for byte_length)
  from unnest(
    $blob_claims::int[], $blob_thread_ids::text[], $blob_namespaces::text[], $blob_channels::text[],
    $blob_versions::text[], $blob_types::text[], $blob_offsets::int[], $blob_lengths::int[]
  )
    as blob (number, thread_id, checkpoint_ns, channel, version, type, byte_offset, byte_length)
  join owned using (number)
  on conflict (thread_id, checkpoint_ns, channel, version) do nothing
),
stored_checkpoints as (
  insert into :schema.checkpoints (
    thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata
  )
  select thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint::jsonb, metadata::jsonb
  from unnest(
    $checkpoint_claims::int[], $checkpoint_thread_ids::text[], $checkpoint_namespaces::text[], $checkpoint_ids::text[],
    $parent_ids::text[], $checkpoints::text[], $metadata::text[]
  )
    as checkpoint (number, thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
  join owned using (number)
  on conflict (thread_id, checkpoint_ns, checkpoint_id) do update
  set checkpoint = excluded.checkpoint, metadata = excluded.metadata
),
wanted_writes as (
  select
    thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type,
    substring($bytes::bytea from byte_offset for byte_length) as blob, replaces, is_foreign, run_id
  from unnest(
    $write_claims::int[], $write_thread_ids::text[], $write_namespaces::text[], $write_checkpoint_ids::text[],
    $task_ids::text[], $indexes::int[], $write_channels::text[], $write_types::text[], $write_offsets::int[],
    $write_lengths::int[], $replaces::boolean[], $is_foreign::boolean[]
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
