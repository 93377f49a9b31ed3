-- Whether a cancel may have runs behind it in its partition is known without a look at the lane, however long that is.
alter table threads
  add column last_offset bigint,
  add column stray_offsets jsonb;
alter table threads alter column last_offset set default -1;

comment on column threads.last_offset is 'No run in flight that came from first_partition has a greater offset; null: unknown, of a thread that was busy when this column came and has not rested since.';
comment on column threads.stray_offsets is 'The same for other partitions, by number; null without any.';
