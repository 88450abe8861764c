drop table deliveries;
drop table destinations;
drop table subscriptions;
drop table events;
