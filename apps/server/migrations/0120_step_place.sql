-- What a step began over: its machine, method and account as a short hash. Null in rows from before, and where none began.
alter table automation.step_results add column place_hash text;
