drop table throttles;
drop index events_confirmations;
drop index subscriptions_listening;
create index subscriptions_active on subscriptions (id) where state = 'active' and deleted_at is null;
drop index subscriptions_pending;
drop index subscriptions_address;
drop index subscriptions_public_address_key;
alter table subscriptions
    drop column digest_minutes,
    drop column challenge,
    drop column address_hash;
