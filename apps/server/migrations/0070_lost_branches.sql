-- A lost branch whose target did not answer is asked again at this time, by whichever executor takes it.
alter table automation.branches add column ask_again_at timestamptz;
create index branches_ask_again_idx on automation.branches (ask_again_at) where status = 'lost';
