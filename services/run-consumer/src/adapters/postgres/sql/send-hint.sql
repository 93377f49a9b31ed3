-- send-hint
-- params  $channel text, $payload text
-- result  one empty row; listeners get the notification with the commit
select pg_notify($channel, $payload)
