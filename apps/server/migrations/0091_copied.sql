-- What a step ssh.copy came to: files, bytes, how they were compared.
alter table automation.step_results add column copied jsonb;
