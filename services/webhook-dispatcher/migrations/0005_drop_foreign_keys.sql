-- The audit proves what the foreign keys did, without a query and a row lock for each row that is written. Who deletes
-- deliveries deletes their attempts; bodies are kept from pruning by their age, which each intake renews.

alter table attempts drop constraint attempts_delivery_id_fkey;
alter table deliveries drop constraint deliveries_event_id_fkey;
alter table deliveries drop constraint deliveries_endpoint_id_fkey;
