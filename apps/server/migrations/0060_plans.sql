-- What was planned, and what a step gives to the ones behind it.

-- Plans that people have seen, for a day: an execution that asks for one which has changed meanwhile is told what has
-- changed. `plan` is compressed JSON with its secrets masked. Nothing is decided by these rows.
create table automation.plans (
  job_id bigint not null,
  hash text not null,
  at timestamptz not null default now(),
  plan bytea not null,
  constraint plans_pkey primary key (job_id, hash),
  constraint plans_job_fkey foreign key (job_id) references automation.jobs (id)
);
create index plans_at_idx on automation.plans (at);

-- Number of the branch's last chunk of output when this try of the step began: its output has higher numbers. Null in
-- history from before.
alter table automation.step_results add column output_seq bigint;
