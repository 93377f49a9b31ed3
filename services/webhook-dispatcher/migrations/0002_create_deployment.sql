create table deployment (
  is_only boolean primary key default true,
  topic_prefix text not null,
  created_at timestamptz not null default now(),
  constraint ledger_is_of_one_deployment check (is_only)
);

comment on table deployment is 'Whose ledger this is: written at the first start, and a process with another topic prefix is refused.';
