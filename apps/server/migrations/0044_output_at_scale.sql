-- Output of any length: chunks are found by line, by byte and by number without looking at the others.

-- `bytes` is the size of the data before compression. `byte_offset` counts the bytes of the stream in the branch before
-- the chunk, `total_offset` those of stdout and stderr together: what a download skips.
alter table automation.output_chunks
  add column bytes integer not null default 0,
  add column total_offset bigint not null default 0;

-- `seq` beside the line: of several pieces of one line the last one is found without reading the others
drop index automation.output_chunks_line_idx;
create index output_chunks_line_idx on automation.output_chunks (day, branch_id, first_line, seq);
create index output_chunks_stream_idx on automation.output_chunks (day, branch_id, stream, byte_offset);

-- Part of the output of the step could not be stored.
alter table automation.step_results add column is_output_incomplete boolean not null default false;

-- How far the output of the running step was taken from its target when the last chunk was stored, with that chunk in one
-- statement: whoever takes the branch over goes on at exactly that byte. {"step", "try", "stdout", "stderr"}
alter table automation.branches add column output_taken jsonb;

-- Drops the partitions of days that are more than `keep_days` ago, except where an execution of that day has not ended.
-- The application owns nothing, so the owner's function does it. Returns what was dropped.
create function automation.drop_partitions(keep_days integer) returns table (parent text, day date)
language plpgsql security definer set search_path = '' set lock_timeout = '5s' as $$
declare
  found record;
begin
  if keep_days is null or keep_days < 1 then
    raise exception 'keep_days must be at least 1' using errcode = 'invalid_parameter_value';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(7206355113);
  for found in
    select whole.relname as parent, part.relname as name, to_date(right(part.relname, 8), 'YYYYMMDD') as day
    from pg_catalog.pg_inherits
    join pg_catalog.pg_class part on part.oid = inhrelid
    join pg_catalog.pg_class whole on whole.oid = inhparent
    where inhparent in ('automation.output_chunks'::regclass, 'automation.log_lines'::regclass)
      and part.relname ~ '_[0-9]{8}$'
    order by 3, 1
  loop
    continue when found.day >= (now() at time zone 'utc')::date - keep_days;
    continue when exists (
      select from automation.executions
      where executions.day = found.day and executions.status in ('scheduled', 'queued', 'running', 'paused')
    );
    execute format('drop table automation.%I', found.name);
    parent := found.parent;
    day := found.day;
    return next;
  end loop;
end
$$;
grant execute on function automation.drop_partitions(integer) to opsconductor_app;
