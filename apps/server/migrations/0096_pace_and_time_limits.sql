-- Branches in lock-step, and executions with a time limit.

-- The step that the branch runs, or runs next: with `strategy.pace: lock_step` it waits as `scheduled` until all branches of
-- its batch have come as far. The stage of a batch is the least of them, so it need not be written down.
alter table automation.branches add column next_step integer not null default 0;

-- `timeoutSec` of the job's document, by when it has to be through (from when it first ran), and when it was not.
alter table automation.executions
  add column timeout_sec integer,
  add column deadline_at timestamptz,
  add column timed_out_at timestamptz;
create index executions_deadline_idx on automation.executions (deadline_at)
  where deadline_at is not null and status in ('queued', 'running', 'paused');
