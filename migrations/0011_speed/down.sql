drop index incidents_resolved_at;
alter table deliveries set (fillfactor = 50);
update destinations set lane = 0 where lane = 2;
