create schema automation;
grant usage on schema automation to opsconductor_app;

create table automation.jobs (
  id bigint generated always as identity,
  uuid uuid not null,
  serial text not null,
  name text not null,
  description text not null default '',
  folder text not null default '',
  tags text[] not null default '{}',
  is_enabled boolean not null default true,
  current_version integer not null,
  execution_count integer not null default 0,
  created_by text not null,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  constraint jobs_pkey primary key (id),
  constraint jobs_uuid_key unique (uuid),
  constraint jobs_serial_key unique (serial)
);
create unique index jobs_name_key on automation.jobs (lower(name)) where archived_at is null;
create index jobs_by_name_idx on automation.jobs (lower(name), id);
create index jobs_by_created_at_idx on automation.jobs (created_at, id);

create table automation.job_versions (
  id bigint generated always as identity,
  uuid uuid not null,
  job_id bigint not null,
  version integer not null,
  document jsonb not null,
  checksum text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  constraint job_versions_pkey primary key (id),
  constraint job_versions_version_key unique (job_id, version),
  constraint job_versions_job_fkey foreign key (job_id) references automation.jobs (id)
);
select kernel.make_append_only('automation.job_versions');

-- `day` is the UTC day of creation: the partition of its output and log. `change_seq` counts every change of the
-- execution, its branches and its steps, in commit order: it is drawn last in each transaction.
create table automation.executions (
  id bigint generated always as identity,
  uuid uuid not null,
  job_id bigint not null,
  job_version_id bigint not null,
  number integer not null,
  day date not null,
  status text not null,
  needs_attention boolean not null default false,
  cancel_requested_at timestamptz,
  cancel_requested_by text,
  cancel_outcome text,
  message text,
  requested_by text not null,
  requested_by_uuid uuid,
  trigger text not null,
  rerun_of uuid,
  parameters jsonb not null,
  sealed_parameters bytea,
  strategy jsonb not null,
  plan_hash text not null,
  priority integer not null default 0,
  scheduled_at timestamptz,
  queued_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  change_seq bigint not null default 1,
  log_seq bigint not null default 0,
  constraint executions_pkey primary key (id),
  constraint executions_uuid_key unique (uuid),
  constraint executions_number_key unique (job_id, number),
  constraint executions_job_fkey foreign key (job_id) references automation.jobs (id),
  constraint executions_job_version_fkey foreign key (job_version_id) references automation.job_versions (id),
  constraint executions_status_check check (status in ('scheduled', 'queued', 'running', 'paused', 'completed', 'failed', 'cancelled')),
  constraint executions_cancel_outcome_check check (cancel_outcome in ('stopped', 'still_running', 'unconfirmed'))
);
create index executions_open_idx on automation.executions (status, priority desc, id) where status in ('scheduled', 'queued', 'running', 'paused');
create index executions_status_idx on automation.executions (status, id);

create table automation.branches (
  id bigint generated always as identity,
  uuid uuid not null,
  execution_id bigint not null,
  number integer not null,
  target_uuid uuid not null,
  target_serial text not null,
  target_name text not null,
  zone text not null,
  batch integer not null,
  status text not null,
  attempt integer not null default 0,
  executor text,
  lease_until timestamptz,
  fault text,
  message text,
  cancel_outcome text,
  output_lines bigint not null default 0,
  output_seq bigint not null default 0,
  queued_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  change_seq bigint not null default 1,
  constraint branches_pkey primary key (id),
  constraint branches_uuid_key unique (uuid),
  constraint branches_number_key unique (execution_id, number),
  constraint branches_execution_fkey foreign key (execution_id) references automation.executions (id),
  constraint branches_status_check check (status in ('scheduled', 'queued', 'running', 'completed', 'failed', 'cancelled', 'skipped', 'lost')),
  constraint branches_cancel_outcome_check check (cancel_outcome in ('stopped', 'still_running', 'unconfirmed'))
);
create index branches_status_idx on automation.branches (execution_id, status);
create index branches_change_idx on automation.branches (execution_id, change_seq);
create index branches_lease_idx on automation.branches (lease_until) where status = 'running';
create index branches_target_idx on automation.branches (target_uuid, id);

-- One row per try of a step. It is committed as running before anything happens on the target.
create table automation.step_results (
  id bigint generated always as identity,
  branch_id bigint not null,
  execution_id bigint not null,
  index integer not null,
  attempt integer not null default 1,
  step_id text not null,
  name text not null,
  type text not null,
  status text not null,
  branch_attempt integer not null,
  target_uuid uuid,
  target_serial text,
  target_name text,
  method text,
  credential text,
  mode text not null,
  command text not null,
  process_group bigint,
  exit_code integer,
  signal text,
  fault text,
  message text,
  connect_ms double precision,
  run_ms double precision,
  collect_ms double precision,
  output_bytes bigint not null default 0,
  is_output_truncated boolean not null default false,
  started_at timestamptz,
  finished_at timestamptz,
  change_seq bigint not null default 1,
  constraint step_results_pkey primary key (id),
  constraint step_results_attempt_key unique (branch_id, index, attempt),
  constraint step_results_branch_fkey foreign key (branch_id) references automation.branches (id),
  constraint step_results_execution_fkey foreign key (execution_id) references automation.executions (id),
  constraint step_results_status_check check (status in ('ready', 'running', 'completed', 'failed', 'skipped', 'cancelled', 'unknown'))
);
create index step_results_change_idx on automation.step_results (execution_id, change_seq);

-- What is closed is history: an execution that ended, a branch that ended, a step that ended.
create trigger closed_executions before update or delete on automation.executions
  for each row when (old.status in ('completed', 'failed', 'cancelled')) execute function kernel.refuse_change();
create trigger closed_branches before update or delete on automation.branches
  for each row when (old.status in ('completed', 'failed', 'cancelled', 'skipped')) execute function kernel.refuse_change();
create trigger closed_step_results before update or delete on automation.step_results
  for each row when (old.status in ('completed', 'failed', 'skipped', 'cancelled')) execute function kernel.refuse_change();
revoke delete on automation.executions, automation.branches, automation.step_results from opsconductor_app;

-- What a stale holder of a branch reported after it had lost it: kept as evidence, changes nothing.
create table automation.late_results (
  id bigint generated always as identity,
  branch_id bigint not null,
  branch_attempt integer not null,
  at timestamptz not null default now(),
  result jsonb not null,
  constraint late_results_pkey primary key (id),
  constraint late_results_branch_fkey foreign key (branch_id) references automation.branches (id)
);
select kernel.make_append_only('automation.late_results');

-- Output and lifecycle lines are partitioned by the day their execution was created, without foreign keys, so that
-- retention drops whole partitions.
create table automation.output_chunks (
  day date not null,
  branch_id bigint not null,
  seq bigint not null,
  step integer not null,
  stream text not null,
  byte_offset bigint not null,
  first_line bigint not null,
  lines integer not null,
  is_partial boolean not null,
  at timestamptz not null,
  is_compressed boolean not null,
  data bytea not null,
  constraint output_chunks_pkey primary key (day, branch_id, seq),
  constraint output_chunks_stream_check check (stream in ('stdout', 'stderr', 'notice'))
) partition by range (day);
create index output_chunks_line_idx on automation.output_chunks (day, branch_id, first_line);
select kernel.make_append_only('automation.output_chunks');

create table automation.log_lines (
  day date not null,
  execution_id bigint not null,
  seq bigint not null,
  branch integer,
  at timestamptz not null default clock_timestamp(),
  phase text not null,
  level text not null,
  category text not null,
  message text not null,
  details jsonb not null default '{}',
  constraint log_lines_pkey primary key (day, execution_id, seq)
) partition by range (day);
select kernel.make_append_only('automation.log_lines');

-- Makes the partitions of the next days; harmless when they exist. The application owns nothing, so the owner's function does it.
create function automation.make_partitions(days_ahead integer) returns void
language plpgsql security definer set search_path = '' as $$
declare
  day date;
  parent text;
begin
  perform pg_catalog.pg_advisory_xact_lock(7206355113);
  for day in select generate_series((now() at time zone 'utc')::date - 1, (now() at time zone 'utc')::date + days_ahead, '1 day')::date loop
    foreach parent in array array['output_chunks', 'log_lines'] loop
      if to_regclass(format('automation.%s_%s', parent, to_char(day, 'YYYYMMDD'))) is null then
        execute format('create table automation.%s_%s partition of automation.%s for values from (%L) to (%L)',
          parent, to_char(day, 'YYYYMMDD'), parent, day, day + 1);
      end if;
    end loop;
  end loop;
end
$$;
grant execute on function automation.make_partitions(integer) to opsconductor_app;
