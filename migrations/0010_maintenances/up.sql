-- What makes occurrences. Each of them is a maintenance of its own.
create table maintenance_series (
    id uuid primary key,
    recurrence text not null,
    time_zone text not null,
    -- the window of the first occurrence
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    -- what every occurrence begins with
    template jsonb not null,
    -- whatever begins before was made, and is never made again
    made_to timestamptz not null,
    -- when more must be made
    extend_at timestamptz,
    source text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index maintenance_series_extend_at on maintenance_series (extend_at) where extend_at is not null;

create table maintenances (
    id uuid primary key,
    number bigint generated always as identity constraint maintenances_number_key unique,
    title text not null,
    status text not null check (status in ('scheduled', 'in_progress', 'verifying', 'completed', 'cancelled')),
    visibility text not null check (visibility in ('public', 'internal')),
    -- what was announced
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    started_at timestamptz,
    -- completed or cancelled
    ended_at timestamptz,
    auto_start boolean not null,
    auto_complete boolean not null,
    notify boolean not null,
    notify_on_start boolean not null,
    notify_on_completion boolean not null,
    remind_before_seconds bigint[] not null,
    recurrence text,
    time_zone text,
    series_id uuid references maintenance_series (id),
    -- when the rule has it begin, wherever it was moved
    recurrence_id timestamptz,
    sequence bigint not null default 0,
    dedup_key text,
    source text not null,
    metadata jsonb not null,
    -- how far the clock has come: when the window was set, which reminders are to come, whether it
    -- is on the page, and when there is something to do next
    planned_at timestamptz not null,
    reminders bigint[] not null,
    listed boolean not null,
    due_at timestamptz,
    -- title and messages, for full-text search
    search_text text not null,
    search tsvector not null generated always as (to_tsvector('simple', search_text)) stored,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    constraint maintenances_occurrence_key unique (series_id, recurrence_id)
);
create index maintenances_starts_at on maintenances (starts_at desc, id desc) where deleted_at is null;
create index maintenances_open on maintenances (starts_at)
    where status in ('scheduled', 'in_progress', 'verifying') and deleted_at is null;
create index maintenances_due_at on maintenances (due_at) where due_at is not null;
-- The occurrences of a series share theirs.
create unique index maintenances_dedup_key on maintenances (dedup_key)
    where status in ('scheduled', 'in_progress', 'verifying') and deleted_at is null
      and dedup_key is not null and series_id is null;
create index maintenances_search on maintenances using gin (search);

create table maintenance_updates (
    id uuid primary key,
    maintenance_id uuid not null references maintenances (id),
    status text not null check (status in ('scheduled', 'in_progress', 'verifying', 'completed', 'cancelled')),
    message text not null,
    message_html text not null,
    -- what the author said of components: [{"component": uuid, "status": text}]
    effects jsonb not null,
    notify boolean not null,
    display_at timestamptz not null,
    author text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index maintenance_updates_maintenance_id on maintenance_updates (maintenance_id, display_at);

create table maintenance_components (
    maintenance_id uuid not null references maintenances (id),
    component_id uuid not null references components (id),
    -- while the maintenance is in progress
    status text not null,
    primary key (maintenance_id, component_id)
);
create index maintenance_components_component_id on maintenance_components (component_id);

alter table component_statuses add column maintenance_id uuid;
alter table events add column maintenance_id uuid;
