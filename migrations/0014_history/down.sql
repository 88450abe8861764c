drop index maintenances_started_at;
drop index maintenances_long;
drop index incidents_long;
drop index maintenance_components_component_id;
create index maintenance_components_component_id on maintenance_components (component_id);
drop index incident_components_component_id;
create index incident_components_component_id on incident_components (component_id);
