-- no transaction
create index concurrently if not exists deliveries_in_lanes on webhooks.deliveries (run_id, url_hash, sequence);
