-- How executions wait, pause, and keep out of each other's way.

-- `order_seed` is that of `strategy.order: random`. `approved_batch` is the last batch that may begin without a person, with
-- `strategy.pauseBetweenBatches`. `paused_by` is null where the strategy paused, not a person.
alter table automation.executions
  add column order_seed bigint not null default 0,
  add column approved_batch integer not null default 1,
  add column paused_at timestamptz,
  add column paused_by text;

-- Admission looks at those that wait, job by job.
create index executions_waiting_idx on automation.executions (job_id, priority desc, id) where status = 'queued';

-- What is left to do of an execution, without looking at what is done.
create index branches_open_idx on automation.branches (execution_id, batch, number)
  where status in ('scheduled', 'queued', 'running', 'lost');

-- One execution of a job at a time, where its strategy asks for it: taken when the execution is admitted, freed in the
-- transaction that closes it.
create table automation.job_holds (
  job_id bigint not null,
  execution_id bigint not null,
  held_since timestamptz not null default now(),
  constraint job_holds_pkey primary key (job_id),
  constraint job_holds_execution_key unique (execution_id),
  constraint job_holds_job_fkey foreign key (job_id) references automation.jobs (id),
  constraint job_holds_execution_fkey foreign key (execution_id) references automation.executions (id)
);

-- One branch on a target at a time, among those whose strategy asks for it: taken when the branch goes to the queue, freed
-- in the transaction that ends it. A lost branch keeps its target: something may still run there.
create table automation.target_holds (
  target_uuid uuid not null,
  branch_id bigint not null,
  execution_id bigint not null,
  held_since timestamptz not null default now(),
  constraint target_holds_pkey primary key (target_uuid),
  constraint target_holds_branch_key unique (branch_id),
  constraint target_holds_branch_fkey foreign key (branch_id) references automation.branches (id),
  constraint target_holds_execution_fkey foreign key (execution_id) references automation.executions (id)
);
create index target_holds_execution_idx on automation.target_holds (execution_id);

-- Executors say every few seconds that they live. Nothing is decided by these rows: they tell people why something waits.
create table automation.executors (
  name text not null,
  zone text not null,
  slots integer not null,
  running integer not null,
  started_at timestamptz not null,
  seen_at timestamptz not null default now(),
  constraint executors_pkey primary key (name)
);

-- A step that is not run because an earlier execution has completed it: which one.
alter table automation.step_results add column completed_in uuid;
