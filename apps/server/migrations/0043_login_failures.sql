-- Failed log-ins by what was typed as the user name, whether anybody has it or not, and by the network they came from.
-- Forgotten by themselves: see lock-out.store.ts.
create table identity.login_failures (
  name text not null,
  network text not null,
  failures integer not null,
  latest_at timestamptz not null,
  constraint login_failures_pkey primary key (name, network)
);
create index login_failures_latest_at_idx on identity.login_failures (latest_at);

-- Where a user has logged in: guesses from elsewhere do not lock them out there.
create table identity.login_networks (
  user_id bigint not null,
  network text not null,
  latest_at timestamptz not null,
  constraint login_networks_pkey primary key (user_id, network),
  constraint login_networks_user_fkey foreign key (user_id) references identity.users (id)
);

alter table identity.users drop column failed_logins, drop column locked_until;
