-- Lists of executions by the time they were queued, and of those somebody has to look at: few of ten million.
create index executions_queued_at_idx on automation.executions (queued_at, id);
create index executions_attention_idx on automation.executions (id) where needs_attention;
