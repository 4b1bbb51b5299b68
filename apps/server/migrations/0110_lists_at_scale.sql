-- Pages of executions, whatever they are filtered by, straight from an index in the order in which they are shown.
create index executions_job_idx on automation.executions (job_id, id);
create index executions_requested_by_idx on automation.executions (requested_by, id);
drop index automation.branches_target_idx;
create index branches_target_idx on automation.branches (target_uuid, execution_id);
