create extension if not exists btree_gist;

-- The one clock. Tests replace it to travel in time.
create function farol_now() returns timestamptz language sql volatile as $$ select clock_timestamp() $$;

-- RFC 9562 UUIDv7: 48 bits of milliseconds, the rest random.
create function farol_uuid7() returns uuid language sql volatile as $$
    select encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid()) placing
                substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
            52, 1), 53, 1),
        'hex')::uuid
$$;

create table page (
    singleton boolean primary key default true check (singleton),
    id uuid not null default farol_uuid7(),
    -- the last event sequence given out, and how many of those events the public may know of
    last_sequence bigint not null default 0,
    public_events bigint not null default 0,
    created_at timestamptz not null default farol_now()
);
insert into page default values;

-- What was answered to a request with an Idempotency-Key; written in the transaction of its effect.
create table idempotency_keys (
    principal text not null,
    route text not null,
    key_hash bytea not null,
    fingerprint bytea not null,
    -- the answer, encrypted: it may hold a secret that is shown once
    answer bytea,
    created_at timestamptz not null default farol_now(),
    primary key (principal, route, key_hash)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);
