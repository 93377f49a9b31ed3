-- select-stranded
-- params  $limit integer
-- result  due deliveries that nobody would ever look at: the first of a run that waits for none, and those whose URL or
--         endpoint is not in line
-- index   deliveries_in_lanes, due_deliveries_by_target; it walks everything that is due, so it is not for each second
select delivery.delivery_id
from webhooks.deliveries as delivery
join webhooks.endpoints as endpoint using (endpoint_id)
left join webhooks.targets as target using (url_hash)
where delivery.state = 'due'
  and case
    when delivery.next_attempt_at is null then not exists (
      select
      from webhooks.deliveries as before
      where before.run_id = delivery.run_id
        and before.url_hash = delivery.url_hash
        and before.is_replay = delivery.is_replay
        and before.state = 'due'
        and before.next_attempt_at is not null
    )
    else target.next_due_at is null or (endpoint.owner is null and endpoint.next_due_at is null)
  end
order by delivery.delivery_id
limit $limit
