-- What every module writes beside its own rows, in the same transaction: who did it, and what happened.

create table kernel.audit_lines (
  id bigint generated always as identity,
  uuid uuid not null,
  at timestamptz not null default clock_timestamp(),
  actor_kind text not null,
  actor_uuid uuid,
  actor_name text not null,
  action text not null,
  subject_kind text,
  subject_uuid uuid,
  subject_name text,
  request_id text not null,
  address text,
  details jsonb not null default '{}',
  constraint audit_lines_pkey primary key (id),
  constraint audit_lines_uuid_key unique (uuid),
  constraint audit_lines_actor_kind_check check (actor_kind in ('user', 'system', 'nobody'))
);
create index audit_lines_action_idx on kernel.audit_lines (action, id);
create index audit_lines_actor_idx on kernel.audit_lines (actor_uuid, id);
create index audit_lines_subject_idx on kernel.audit_lines (subject_uuid, id);
select kernel.make_append_only('kernel.audit_lines');

-- A fact is something that happened, in the past tense: execution.failed. Each consumer has a row of its own per fact.
create table kernel.facts (
  id bigint generated always as identity,
  uuid uuid not null,
  name text not null,
  at timestamptz not null default clock_timestamp(),
  subject_uuid uuid,
  payload jsonb not null default '{}',
  constraint facts_pkey primary key (id),
  constraint facts_uuid_key unique (uuid)
);
select kernel.make_append_only('kernel.facts');

create table kernel.fact_deliveries (
  fact_id bigint not null,
  consumer text not null,
  delivered_at timestamptz,
  attempts integer not null default 0,
  error text,
  constraint fact_deliveries_pkey primary key (consumer, fact_id),
  constraint fact_deliveries_fact_fkey foreign key (fact_id) references kernel.facts (id)
);
create index fact_deliveries_open_idx on kernel.fact_deliveries (consumer, fact_id) where delivered_at is null;

-- The answer to a request that carried an Idempotency-Key, per actor, for 24 hours.
create table kernel.idempotency_keys (
  actor_uuid uuid not null,
  key text not null,
  request_hash text not null,
  answer jsonb not null,
  created_at timestamptz not null default now(),
  constraint idempotency_keys_pkey primary key (actor_uuid, key)
);
create index idempotency_keys_created_at_idx on kernel.idempotency_keys (created_at);

-- Proof of each version of the master key, so that a wrong key is noticed at the start and not at the first secret.
create table kernel.master_keys (
  version integer not null,
  proof bytea not null,
  created_at timestamptz not null default now(),
  constraint master_keys_pkey primary key (version)
);
select kernel.make_append_only('kernel.master_keys');
