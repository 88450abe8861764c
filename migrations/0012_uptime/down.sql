drop index component_statuses_trouble;
drop table component_days;
alter table components
    drop column uptime_target,
    drop column ledger_version,
    drop column ledger_from,
    drop column tallied_to,
    drop column tallied_zone;
