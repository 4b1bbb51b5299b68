-- However often an execution opens a credential for a target, that is written down once.
create unique index credential_uses_execution_key
  on assets.credential_uses (execution_uuid, credential_id, target_uuid) where execution_uuid is not null;
