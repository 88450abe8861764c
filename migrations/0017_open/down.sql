drop index incidents_resolved_at;
create index incidents_resolved_at on incidents (resolved_at) where resolved_at is not null and deleted_at is null;
drop index component_statuses_last;
drop trigger incidents_over on incidents;
drop function farol_incident_over;
drop index incident_components_open;
alter table incident_components drop column is_over;
