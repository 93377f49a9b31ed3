-- select-deployment
-- params  none
-- result  one row: the processes that execute runs, each with its version where it says one, and whether the ledger is the
--         one that its processes know
select
  (
    select coalesce(json_agg(json_build_object('host', host, 'version', version) order by host), '[]')
    from runlane.executors
    where expires_at > now()
  ) as executors,
  coalesce((select is_original from runlane.ledger_standing), false) as is_original
