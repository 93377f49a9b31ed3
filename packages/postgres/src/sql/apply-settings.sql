-- apply-settings
-- params  $names text[] of settings, $values text[] of their values, for this session; unknown ones are left out
-- result  the values as they are now
select set_config(name, value, false)
from unnest($names::text[], $values::text[]) as setting (name, value)
where current_setting(name, true) is not null
