-- Whose turn it is: the job that began an execution the longest time ago, found without looking at its executions.
create index executions_turn_idx on automation.executions (job_id, started_at desc) where started_at is not null;
