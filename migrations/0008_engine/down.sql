drop index deliveries_receipt;
update deliveries set state = 'delivered' where state = 'accepted';
update deliveries set state = 'dead' where state = 'superseded';
alter table deliveries
    drop column receipt,
    drop constraint deliveries_state_check,
    add constraint deliveries_state_check check (state in ('pending', 'retrying', 'delivered', 'dead'));
drop table threads;
drop index destinations_failing;
drop index destinations_of_credential;
drop index destinations_ready;
create index destinations_ready on destinations (lane, ready_at) where ready_at is not null and not paused;
alter table destinations drop column credential_id, drop column n_warned;
drop table credentials;
