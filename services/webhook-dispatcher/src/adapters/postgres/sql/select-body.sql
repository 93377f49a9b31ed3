-- select-body
-- params  $event_id text
-- result  the body of the event, as it is sent
-- index   the primary key
select body
from webhooks.events
where event_id = $event_id
