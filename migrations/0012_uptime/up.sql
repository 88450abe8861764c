alter table components
    -- a share of time in millionths: 999500 is 99.95 %
    add column uptime_target integer check (uptime_target between 1 and 1000000),
    -- rises with every change of the component's ledger, also of what was long ago
    add column ledger_version bigint not null default 0,
    -- when the ledger begins
    add column ledger_from timestamptz,
    -- the first day that is not tallied in component_days, and the zone its days are of
    add column tallied_to date,
    add column tallied_zone text;
update components c
set ledger_from = (select min(lower(s.during)) from component_statuses s
                   where s.component_id = c.id and s.superseded_at is null),
    ledger_version = 1;

-- Days that are over, as far as a component was anything but operational: in microseconds, so that
-- days add up to exactly what the ledger says. A day without a row was all operational.
create table component_days (
    component_id uuid not null references components (id),
    day date not null,
    under_maintenance bigint not null,
    degraded_performance bigint not null,
    partial_outage bigint not null,
    major_outage bigint not null,
    -- those that made it so
    incident_ids uuid[] not null,
    primary key (component_id, day)
);

-- Trouble since an instant is found without reading what was before, or what was operational.
create index component_statuses_trouble
    on component_statuses (component_id, coalesce(upper(during), 'infinity'))
    where superseded_at is null and status <> 'operational';
