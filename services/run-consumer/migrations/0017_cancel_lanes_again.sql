-- A cancel that is read again over a long lane spares what stands behind it in its partition: who of the lane is hit does not
-- follow from a position, so nobody is marked, and the lane is looked through slice by slice. Not in lane_ends, where a
-- process of an earlier version would end whoever it comes by.
create table lane_cancels (
  thread_id text not null,
  source_topic text not null,
  source_partition integer not null,
  before_offset bigint not null,
  through_position bigint not null,
  ended_position bigint not null,
  action text not null,
  reason text not null,
  superseded_by uuid,
  created_at timestamptz not null default now(),
  primary key (thread_id, source_topic, source_partition, before_offset),
  constraint action_is_known check (action in ('interrupt', 'rollback'))
) with (fillfactor = 50);

comment on table lane_cancels is 'What waiting runs of a long lane end as when they are come by; a row goes when all were looked at.';
comment on column lane_cancels.before_offset is 'Runs of the partition from here on are spared.';
comment on column lane_cancels.through_position is 'The last position that is looked at.';
comment on column lane_cancels.ended_position is 'The runs up to here were looked at.';
