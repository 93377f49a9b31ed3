-- select-newest-delivery
-- params  none
-- result  one row: the highest delivery_id, null without any
-- index   the primary key
select max(delivery_id) as newest
from webhooks.deliveries
