-- What providers reported of messages they took. A report may come before the delivery is noted as
-- accepted, so it waits here until its message is known, for an hour.
create table fates (
    -- the provider's id of the message
    receipt text primary key,
    -- whose message it must be, where the report says so
    subscription_id uuid,
    outcome text not null,
    -- what is added to the attempts of the delivery when the message did not arrive
    attempt jsonb,
    created_at timestamptz not null
);
create index fates_created_at on fates (created_at);

-- A refusal that was reported later says nothing against the next message being taken, so that one
-- being taken says nothing against the refusal.
alter table credentials add column reported boolean not null default false;
