alter table deliveries reset (autovacuum_analyze_threshold);
alter table maintenance_updates alter column effects set statistics -1;
alter table maintenances alter column search set statistics -1, alter column metadata set statistics -1;
alter table incident_updates alter column effects set statistics -1;
alter table incidents alter column search set statistics -1, alter column metadata set statistics -1;
alter table deliveries alter column attempts set statistics -1;
