-- A run that comes back unspent waits under a smaller number than its events have told.
alter table runs add column begun_attempt integer;

comment on column runs.begun_attempt is 'The number of its last start, of a run that has come back; what its events tell is the greater of this and attempt.';
