-- Steps that wait for a moment, and who began a step.

-- A step that waits does so until `due_at`. Where that is not soon its branch is set aside meanwhile: it stays `running`,
-- has the same `due_at`, and no executor.
alter table automation.step_results add column due_at timestamptz;
alter table automation.branches add column due_at timestamptz;
create index branches_due_idx on automation.branches (due_at) where due_at is not null;
create index branches_set_aside_idx on automation.branches (execution_id, due_at) where due_at is not null;

-- The executor that began the step, as it names itself: `host:process`. What ran on an executor's own machine can be
-- asked about only there.
alter table automation.step_results add column executor text;

-- How many executors have lost the branch. Its attempt number grows also when it waits between steps.
alter table automation.branches add column losses integer not null default 0;
