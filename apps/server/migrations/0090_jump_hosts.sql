-- Jump hosts are kept by UUID: a name that becomes free and is given to another machine must not lead a log-in there.
-- What was written down before by name or serial is resolved once; what names no target in use is dropped.
update assets.methods m set config = m.config || jsonb_build_object('jumpHosts', coalesce((
    select jsonb_agg(t.uuid::text order by hop.place)
    from jsonb_array_elements_text(m.config -> 'jumpHosts') with ordinality as hop(ref, place)
    join assets.targets t on t.archived_at is null
      and (t.uuid::text = lower(hop.ref) or t.serial = upper(hop.ref) or lower(t.name) = lower(hop.ref))), '[]'::jsonb))
where jsonb_typeof(m.config -> 'jumpHosts') = 'array';

-- Which methods go through a target is asked whenever that target's way changes.
create index methods_jump_hosts_idx on assets.methods using gin ((config -> 'jumpHosts')) where removed_at is null;
