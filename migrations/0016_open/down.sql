drop index component_statuses_last;
drop index incident_components_open;
alter table incident_components drop column is_over;
