-- A dead letter is stored in the transaction that moves the position past its record, so that no transaction waits for Kafka.
create table dead_letters (
  id bigint generated always as identity primary key,
  topic text not null,
  key bytea,
  headers json not null,
  value bytea,
  created_at timestamptz not null default clock_timestamp()
);

comment on table dead_letters is 'Dead letters on their way to their topic: published by the relay in the order of id, and deleted once the broker has them.';
comment on column dead_letters.headers is 'Pairs of a name and its values in base64, in the order sent.';
