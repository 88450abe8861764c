alter table subscriptions
    -- keyed digest of the address a person would name; null where there is none, and once it is wiped
    add column address_hash bytea,
    -- SHA-256 of what the destination must answer to confirm itself
    add column challenge bytea,
    -- news of so many minutes go out in one message
    add column digest_minutes integer not null default 0
        constraint subscriptions_digest_minutes_check check (digest_minutes between 0 and 1440);

-- Nobody subscribes the same address twice, not even at the same time.
create unique index subscriptions_public_address_key on subscriptions (channel, address_hash)
    where origin = 'public' and deleted_at is null;
create index subscriptions_address on subscriptions (address_hash) where address_hash is not null;
create index subscriptions_pending on subscriptions (updated_at) where state = 'pending';

drop index subscriptions_active;
create index subscriptions_listening on subscriptions (id)
    where state in ('active', 'pending') and deleted_at is null;

-- What was asked of an owner is wiped when the answer is there.
create index events_confirmations on events (subscription_id) where kind = 'subscription.confirm';

-- When things happened that may not happen too often; shared by all replicas.
create table throttles (
    key text primary key,
    taken timestamptz[] not null,
    updated_at timestamptz not null
);
create index throttles_updated_at on throttles (updated_at);
