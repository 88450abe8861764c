alter table events drop column maintenance_id;
alter table component_statuses drop column maintenance_id;
drop table maintenance_components, maintenance_updates, maintenances, maintenance_series;
