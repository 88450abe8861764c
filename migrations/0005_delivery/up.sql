-- The outbox and the log: every fact, written in the transaction that made it true.
create table events (
    -- order of writing; says nothing about the order of commits
    position bigint generated always as identity primary key,
    id uuid not null constraint events_id_key unique,
    -- order of publication, given after the commit: whoever has seen n has seen all below n
    sequence bigint constraint events_sequence_key unique,
    kind text not null,
    announce boolean not null,
    incident_id uuid,
    component_ids uuid[] not null,
    group_ids uuid[] not null,
    subscription_id uuid,
    impact text,
    payload json not null,
    public_payload json,
    -- banner of the page when the sequence was given
    indicator text,
    actor text not null,
    request_id text,
    created_at timestamptz not null,
    -- how far fan-out has come
    expand_after uuid,
    expanded_at timestamptz
);
create index events_unsequenced on events (position) where sequence is null;
create index events_unexpanded on events (sequence) where announce and expanded_at is null and sequence is not null;
create index events_created_at on events (created_at);
create index events_public on events (position) where public_payload is not null;

create table subscriptions (
    id uuid primary key,
    channel text not null,
    label text,
    config jsonb not null,
    -- the secret members of the configuration, encrypted
    secrets bytea not null,
    signing_secret bytea,
    previous_secret bytea,
    previous_secret_until timestamptz,
    component_ids uuid[] not null,
    group_ids uuid[] not null,
    incident_ids uuid[] not null,
    events text[] not null,
    min_impact text,
    audience text not null check (audience in ('public', 'internal')),
    locale text not null,
    time_zone text not null,
    state text not null check (state in ('pending', 'active', 'paused', 'disabled')),
    disabled_reason text,
    origin text not null check (origin in ('operator', 'public')),
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);
create index subscriptions_active on subscriptions (id) where state = 'active' and deleted_at is null;

-- The one hot row per subscription: what is scheduled is the destination, not the delivery,
-- which gives order and one request at a time. `ready_at` is also the end of a lease.
create table destinations (
    subscription_id uuid primary key references subscriptions (id),
    -- 0 healthy, 1 struggling: the latter get a share of the slots only
    lane smallint not null default 0,
    last_seq bigint not null default 0,
    done_seq bigint not null default 0,
    ready_at timestamptz,
    -- fencing: a result counts only with the number its lease was given
    lease_no bigint not null default 0,
    paused boolean not null default false,
    last_success_at timestamptz,
    failing_since timestamptz
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
create index destinations_ready on destinations (lane, ready_at) where ready_at is not null and not paused;

-- No foreign key to events: one check per row would be the dearest part of a fan-out.
create table deliveries (
    id uuid primary key default farol_uuid7(),
    subscription_id uuid not null,
    seq bigint not null,
    event_id uuid not null,
    state text not null default 'pending' check (state in ('pending', 'retrying', 'delivered', 'dead')),
    attempts jsonb not null default '[]',
    created_at timestamptz not null,
    finished_at timestamptz,
    constraint deliveries_subscription_id_seq_key unique (subscription_id, seq)
-- A result makes a row twice as long. It finds room beside the row, and no index says anything of
-- results, so that writing one back touches no index.
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
create index deliveries_event_id on deliveries (event_id);
