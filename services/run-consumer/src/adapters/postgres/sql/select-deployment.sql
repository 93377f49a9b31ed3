-- select-deployment
-- params  none
-- result  one row: the processes that execute runs, and whether the ledger is the one that its processes know
select
  (select coalesce(array_agg(host order by host), '{}') from runlane.executors where expires_at > now()) as hosts,
  coalesce((select is_original from runlane.ledger_standing), false) as is_original
