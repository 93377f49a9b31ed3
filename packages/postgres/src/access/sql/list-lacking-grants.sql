-- The grants that the role of this session lacks, of those that it needs; nothing of what does not exist.
-- params  $needs: [{ "schema", "tables", "privileges" }], where null tables are all of the schema. Views and the table
--         of migrations need only be read.
-- result  a row for each object that lacks something: role, object, privileges (a list for people)
-- locks   none
with need as (
  select * from jsonb_to_recordset($needs::jsonb) as need (schema text, tables text[], privileges text[])
),
asked as (
  select 'schema ' || quote_ident(nspname) as object, 'USAGE' as privilege, has_schema_privilege(space.oid, 'USAGE') as is_granted
  from need join pg_namespace as space on nspname = need.schema
  union all
  select quote_ident(nspname) || '.' || quote_ident(relname), privilege, has_table_privilege(class.oid, privilege)
  from need
    join pg_namespace as space on nspname = need.schema
    join pg_class as class on relnamespace = space.oid and relkind in ('r', 'p', 'v')
    cross join unnest(
      case when relkind = 'v' or relname = 'migrations' then array['SELECT'] else privileges end
    ) as privilege
  where need.tables is null or relname = any (need.tables)
)
select current_user::text as role, object, string_agg(privilege, ', ' order by privilege) as privileges
from asked
where not is_granted
group by object
order by object
