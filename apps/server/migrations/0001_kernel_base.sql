-- What every later migration stands on.
--
-- Who may do what. The role that runs this file owns everything; the application works as opsconductor_app,
-- which owns nothing. The convention for every later migration:
--
--   * a new schema says `grant usage on schema <name> to opsconductor_app;`
--   * a new table needs no grant: the default privileges below give the application select, insert, update, delete
--   * a table that is history says `select kernel.make_append_only('<schema>.<table>');`
--   * a new function needs `grant execute on function … to opsconductor_app;` (nobody else may run it by default);
--     a trigger function needs none
--   * `security definer` only with `set search_path = ''` and every name qualified

alter default privileges grant select, insert, update, delete on tables to opsconductor_app;
alter default privileges grant usage, select on sequences to opsconductor_app;
alter default privileges revoke execute on functions from public;

grant usage on schema kernel to opsconductor_app;
-- the application may read which migrations ran, never rewrite them
grant select on kernel.migrations to opsconductor_app;

-- History ------------------------------------------------------------------------------------------------------------

create function kernel.refuse_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception '%.% is history: its rows are never changed or removed (% refused)', tg_table_schema, tg_table_name, lower(tg_op)
    using errcode = 'restrict_violation';
end
$$;

-- Makes a table append-only for everyone, its owner too: update, delete and truncate are refused.
-- Row triggers are cloned to partitions, also to later ones. Dropping a partition stays possible for the owner: that is retention.
create function kernel.make_append_only(history regclass) returns void
language plpgsql set search_path = '' as $$
begin
  execute format('create trigger append_only_rows before update or delete on %s for each row execute function kernel.refuse_change()', history);
  execute format('create trigger append_only_table before truncate on %s for each statement execute function kernel.refuse_change()', history);
  -- "always": not even session_replication_role = replica goes around it
  execute format('alter table %s enable always trigger append_only_rows', history);
  execute format('alter table %s enable always trigger append_only_table', history);
  execute format('revoke update, delete, truncate on %s from opsconductor_app', history);
end
$$;

-- Serials ------------------------------------------------------------------------------------------------------------

create table kernel.serial_counters (
  kind text not null,
  year integer not null,
  last bigint not null,
  constraint serial_counters_pkey primary key (kind, year),
  constraint serial_counters_kind_check check (kind ~ '^[A-Z]{3}$'),
  constraint serial_counters_last_check check (last > 0)
);
-- only next_serial() writes here, so that no number can be handed out twice
revoke insert, update, delete on kernel.serial_counters from opsconductor_app;

-- Draws the next serial of a kind, such as JOB-2026-000001, inside the caller's transaction: the counter's row stays
-- locked until that transaction ends, so numbers follow commit order and a rollback leaves no gap.
-- The year is the UTC year in which the transaction began, the same moment as a column's default now().
-- Draw it late in the transaction: everyone else who creates the same kind waits for the lock.
create function kernel.next_serial(kind text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  this_year integer := extract(year from now() at time zone 'utc');
  drawn bigint;
begin
  insert into kernel.serial_counters as counters (kind, year, last) values (next_serial.kind, this_year, 1)
    on conflict on constraint serial_counters_pkey do update set last = counters.last + 1
    returning counters.last into drawn;
  -- at least six digits; lpad alone would cut the millionth
  return format('%s-%s-%s', next_serial.kind, this_year, lpad(drawn::text, greatest(6, length(drawn::text)), '0'));
end
$$;
grant execute on function kernel.next_serial(text) to opsconductor_app;
