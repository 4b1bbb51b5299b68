-- Who entered a credential's present secret: they know it anyway, and may use it without the permission credentials.use.
-- Unknown of what was entered before; that needs the permission, whoever asks.
alter table assets.credentials add column secret_entered_by uuid;
