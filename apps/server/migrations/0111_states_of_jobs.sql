-- Executions of one job in one state: where a job runs seldom, the way over all executions in that state is long.
create index executions_job_status_idx on automation.executions (job_id, status, id);
