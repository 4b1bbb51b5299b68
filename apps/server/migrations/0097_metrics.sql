-- What is measured.

-- Of a try of a step: how long its branch waited in the queue for an executor before (0 where the executor had it already),
-- and how much of the time to connect was the log-in; null where an open connection was lent.
alter table automation.step_results
  add column wait_ms double precision,
  add column authenticate_ms double precision;

-- The sums that /metrics shows, over all executors: they add to them every few seconds. Small, whatever has run; what
-- they are the sums of is in the step results.
create table kernel.metric_sums (
  name text not null,
  labels text not null,
  value double precision not null,
  constraint metric_sums_pkey primary key (name, labels)
);
