-- The newest of a component are found without looking at all it ever had; ids rise with time.
drop index incident_components_component_id;
create index incident_components_component_id on incident_components (component_id, incident_id);
drop index maintenance_components_component_id;
create index maintenance_components_component_id on maintenance_components (component_id, maintenance_id);

-- What touched a month began in it or shortly before; but for these few.
create index incidents_long on incidents (started_at)
    where resolved_at - started_at > interval '30 days' and deleted_at is null;
create index maintenances_long on maintenances (started_at)
    where ended_at - started_at > interval '30 days' and deleted_at is null;
create index maintenances_started_at on maintenances (started_at)
    where started_at is not null and deleted_at is null;
