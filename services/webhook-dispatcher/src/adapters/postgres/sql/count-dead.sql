-- count-dead
-- params  none
-- result  dead deliveries per reason
-- index   dead_deliveries_by_reason
select dead_reason, count(*) as count
from webhooks.deliveries
where dead_reason is not null
group by dead_reason
