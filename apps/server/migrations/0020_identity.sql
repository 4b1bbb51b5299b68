create schema identity;
grant usage on schema identity to opsconductor_app;

create table identity.roles (
  id bigint generated always as identity,
  uuid uuid not null,
  name text not null,
  title text not null,
  description text not null default '',
  is_built_in boolean not null default false,
  permissions text[] not null default '{}',
  created_at timestamptz not null default now(),
  constraint roles_pkey primary key (id),
  constraint roles_uuid_key unique (uuid),
  constraint roles_name_key unique (name)
);

create table identity.users (
  id bigint generated always as identity,
  uuid uuid not null,
  username text not null,
  email text,
  display_name text not null,
  phone text,
  title text,
  time_zone text,
  preferences jsonb not null default '{}',
  password_hash text not null,
  must_change_password boolean not null default false,
  status text not null default 'active',
  failed_logins integer not null default 0,
  locked_until timestamptz,
  last_login_at timestamptz,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_pkey primary key (id),
  constraint users_uuid_key unique (uuid),
  constraint users_username_key unique (username),
  constraint users_username_check check (username = lower(username)),
  constraint users_status_check check (status in ('active', 'deactivated'))
);
create unique index users_email_key on identity.users (lower(email));

create table identity.user_roles (
  user_id bigint not null,
  role_id bigint not null,
  constraint user_roles_pkey primary key (user_id, role_id),
  constraint user_roles_user_fkey foreign key (user_id) references identity.users (id),
  constraint user_roles_role_fkey foreign key (role_id) references identity.roles (id)
);
create index user_roles_role_idx on identity.user_roles (role_id);

-- One log-in on one device: the family of its refresh tokens.
create table identity.sessions (
  id bigint generated always as identity,
  uuid uuid not null,
  user_id bigint not null,
  device text not null default '',
  address text not null default '',
  created_at timestamptz not null default now(),
  last_active_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_because text,
  constraint sessions_pkey primary key (id),
  constraint sessions_uuid_key unique (uuid),
  constraint sessions_user_fkey foreign key (user_id) references identity.users (id),
  constraint sessions_revoked_because_check check (revoked_because in ('logout', 'revoked', 'reuse', 'password', 'deactivated'))
);
create index sessions_user_idx on identity.sessions (user_id) where revoked_at is null;

-- A token is spent by its first use. One that is used again revokes its session.
create table identity.refresh_tokens (
  id bigint generated always as identity,
  session_id bigint not null,
  token_hash bytea not null,
  travels_in text not null,
  created_at timestamptz not null default now(),
  spent_at timestamptz,
  constraint refresh_tokens_pkey primary key (id),
  constraint refresh_tokens_token_hash_key unique (token_hash),
  constraint refresh_tokens_session_fkey foreign key (session_id) references identity.sessions (id),
  constraint refresh_tokens_travels_in_check check (travels_in in ('cookie', 'body'))
);
create index refresh_tokens_session_idx on identity.refresh_tokens (session_id);
