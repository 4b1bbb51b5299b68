create schema assets;
grant usage on schema assets to opsconductor_app;

-- The secret is sealed by a data key of its own, which is wrapped by the master key of `key_version`.
create table assets.credentials (
  id bigint generated always as identity,
  uuid uuid not null,
  name text not null,
  description text not null default '',
  type text not null,
  username text,
  fingerprint text,
  sealed_secret bytea not null,
  key_version integer not null,
  secret_version integer not null default 1,
  rotated_at timestamptz not null default now(),
  last_used_at timestamptz,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  constraint credentials_pkey primary key (id),
  constraint credentials_uuid_key unique (uuid)
);
create unique index credentials_name_key on assets.credentials (lower(name)) where archived_at is null;
create index credentials_list_idx on assets.credentials (lower(name), id);

create table assets.targets (
  id bigint generated always as identity,
  uuid uuid not null,
  serial text not null,
  name text not null,
  description text not null default '',
  target_type text not null,
  os_type text not null,
  os_version text,
  environment text,
  location text,
  data_centre text,
  region text,
  zone text not null default 'default',
  tags text[] not null default '{}',
  attributes jsonb not null default '{}',
  status text not null default 'active',
  health text not null default 'unknown',
  last_tested_at timestamptz,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  constraint targets_pkey primary key (id),
  constraint targets_uuid_key unique (uuid),
  constraint targets_serial_key unique (serial),
  constraint targets_status_check check (status in ('active', 'inactive', 'maintenance')),
  constraint targets_health_check check (health in ('healthy', 'warning', 'critical', 'unknown'))
);
create unique index targets_name_key on assets.targets (lower(name)) where archived_at is null;
create index targets_by_name_idx on assets.targets (lower(name), id);
create index targets_by_created_at_idx on assets.targets (created_at, id);
create index targets_tags_idx on assets.targets using gin (tags);

create table assets.methods (
  id bigint generated always as identity,
  uuid uuid not null,
  target_id bigint not null,
  type text not null,
  name text not null,
  is_primary boolean not null default false,
  priority integer not null,
  is_active boolean not null default true,
  config jsonb not null,
  removed_at timestamptz,
  constraint methods_pkey primary key (id),
  constraint methods_uuid_key unique (uuid),
  constraint methods_target_fkey foreign key (target_id) references assets.targets (id)
);
create index methods_target_idx on assets.methods (target_id, priority);
create unique index methods_primary_key on assets.methods (target_id) where is_primary and removed_at is null;

create table assets.method_credentials (
  method_id bigint not null,
  credential_id bigint not null,
  is_primary boolean not null default false,
  constraint method_credentials_pkey primary key (method_id, credential_id),
  constraint method_credentials_method_fkey foreign key (method_id) references assets.methods (id),
  constraint method_credentials_credential_fkey foreign key (credential_id) references assets.credentials (id)
);
create unique index method_credentials_primary_key on assets.method_credentials (method_id) where is_primary;
create index method_credentials_credential_idx on assets.method_credentials (credential_id);

-- A key is pinned for a method at an address: another address is another machine.
create table assets.host_keys (
  id bigint generated always as identity,
  method_id bigint not null,
  host text not null,
  port integer not null,
  algorithm text not null,
  key text not null,
  fingerprint text not null,
  pinned_at timestamptz not null default now(),
  pinned_by text not null,
  forgotten_at timestamptz,
  constraint host_keys_pkey primary key (id),
  constraint host_keys_method_fkey foreign key (method_id) references assets.methods (id),
  constraint host_keys_pinned_by_check check (pinned_by in ('test', 'execution', 'import'))
);
create unique index host_keys_pinned_key on assets.host_keys (method_id, host, port, algorithm) where forgotten_at is null;

create table assets.connection_tests (
  id bigint generated always as identity,
  uuid uuid not null,
  target_id bigint not null,
  method_uuid uuid,
  requested_by text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  is_ok boolean not null default false,
  result jsonb not null default '[]',
  constraint connection_tests_pkey primary key (id),
  constraint connection_tests_uuid_key unique (uuid),
  constraint connection_tests_target_fkey foreign key (target_id) references assets.targets (id)
);
create index connection_tests_target_idx on assets.connection_tests (target_id, id);

-- Each opening of a secret: when, for what, on whose behalf.
create table assets.credential_uses (
  id bigint generated always as identity,
  credential_id bigint not null,
  at timestamptz not null default now(),
  purpose text not null,
  target_uuid uuid not null,
  target_name text not null,
  execution_uuid uuid,
  actor text not null,
  constraint credential_uses_pkey primary key (id),
  constraint credential_uses_credential_fkey foreign key (credential_id) references assets.credentials (id),
  constraint credential_uses_purpose_check check (purpose in ('test', 'execution'))
);
create index credential_uses_credential_idx on assets.credential_uses (credential_id, id);
select kernel.make_append_only('assets.credential_uses');
