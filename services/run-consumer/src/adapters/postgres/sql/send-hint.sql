-- send-hint
-- params  $channel text, $payload text
-- result  one row of nothing; who listens hears of it with the commit
select pg_notify($channel, $payload)
