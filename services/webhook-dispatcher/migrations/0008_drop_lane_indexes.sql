-- deliveries_in_lanes serves what these did: one entry less for each delivery that is made.
drop index due_deliveries_in_order;
drop index deliveries_by_run;
