create table incidents (
    id uuid primary key,
    number bigint generated always as identity constraint incidents_number_key unique,
    title text not null,
    status text not null check (status in ('investigating', 'identified', 'monitoring', 'resolved')),
    impact text not null check (impact in ('none', 'minor', 'major', 'critical')),
    impact_override text check (impact_override in ('none', 'minor', 'major', 'critical')),
    visibility text not null check (visibility in ('public', 'internal')),
    started_at timestamptz not null,
    identified_at timestamptz,
    monitoring_at timestamptz,
    resolved_at timestamptz,
    dedup_key text,
    source text not null,
    pinned boolean not null default false,
    metadata jsonb not null,
    postmortem_body text,
    postmortem_html text,
    postmortem_published_at timestamptz,
    postmortem_updated_at timestamptz,
    -- title and messages, for full-text search
    search_text text not null,
    search tsvector not null generated always as (to_tsvector('simple', search_text)) stored,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);
create index incidents_started_at on incidents (started_at desc, id desc) where deleted_at is null;
create index incidents_open on incidents (started_at) where status <> 'resolved' and deleted_at is null;
create unique index incidents_dedup_key on incidents (dedup_key)
    where status <> 'resolved' and deleted_at is null and dedup_key is not null;
create index incidents_search on incidents using gin (search);

create table incident_updates (
    id uuid primary key,
    incident_id uuid not null references incidents (id),
    status text not null check (status in ('investigating', 'identified', 'monitoring', 'resolved')),
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
create index incident_updates_incident_id on incident_updates (incident_id, display_at);

create table incident_components (
    incident_id uuid not null references incidents (id),
    component_id uuid not null references components (id),
    status text not null,
    primary key (incident_id, component_id)
);
create index incident_components_component_id on incident_components (component_id);
