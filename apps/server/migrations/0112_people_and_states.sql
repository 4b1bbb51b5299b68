-- Executions of one person in one state: where most of theirs ended otherwise, the way over all of theirs is long.
create index executions_requested_by_status_idx on automation.executions (requested_by, status, id);
