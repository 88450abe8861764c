-- What many destinations share with a provider: a bot, an account. The provider counts messages by
-- it, and may refuse it; both concern every destination behind it.
create table credentials (
    id uuid primary key default farol_uuid7(),
    channel text not null,
    -- keyed: the credential itself lies in the configurations, encrypted
    digest bytea not null constraint credentials_digest_key unique,
    interval_us bigint not null,
    burst integer not null,
    -- nothing goes out before
    next_free_at timestamptz not null,
    failing_since timestamptz,
    n_failures integer not null default 0,
    reason text,
    created_at timestamptz not null
);

alter table destinations
    add column credential_id uuid references credentials (id),
    -- how many warnings its owner got since it began to fail
    add column n_warned smallint not null default 0;

drop index destinations_ready;
create index destinations_ready on destinations (lane, ready_at)
    where ready_at is not null and not paused and credential_id is null;
create index destinations_of_credential on destinations (credential_id, lane, ready_at)
    where ready_at is not null and not paused and credential_id is not null;
create index destinations_failing on destinations (failing_since) where failing_since is not null;

-- Where a destination's messages about one incident hang together.
create table threads (
    subscription_id uuid not null,
    subject_id uuid not null,
    anchor jsonb not null,
    updated_at timestamptz not null,
    primary key (subscription_id, subject_id)
);
create index threads_updated_at on threads (updated_at);

alter table deliveries
    drop constraint deliveries_state_check,
    add constraint deliveries_state_check check (state in
        ('pending', 'retrying', 'delivered', 'accepted', 'superseded', 'dead')),
    -- the provider's id of the message, by which its fate is reported later
    add column receipt text;
create index deliveries_receipt on deliveries (receipt) where receipt is not null;
