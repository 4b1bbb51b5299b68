-- The next branch of an execution is found at once, however many are under way. It takes the place of an index over all
-- that are open, of which each end of a branch would have read the whole.
drop index automation.branches_open_idx;
create index branches_scheduled_idx on automation.branches (execution_id, batch, number) where status = 'scheduled';
