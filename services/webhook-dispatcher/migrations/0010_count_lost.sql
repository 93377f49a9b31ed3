-- Offsets without a record are marks of transactions and what was aborted, besides what retention took: only that is lost.
alter table accounts add column lost_count bigint not null default 0;
update accounts set lost_count = absent_count where absent_count > 0;
comment on column accounts.first_offset is 'Where the partition began when it was first looked at.';
comment on column accounts.absent_count is 'Offsets that held no record when they were to be read.';
comment on column accounts.lost_count is 'Of those the ones that the retention of the topic had deleted.';
