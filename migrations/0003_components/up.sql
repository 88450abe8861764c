create table component_groups (
    id uuid primary key,
    slug text not null,
    name text not null,
    description text,
    position integer not null,
    collapsed boolean not null,
    visibility text not null check (visibility in ('public', 'internal')),
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz
);
create unique index component_groups_slug_key on component_groups (slug) where archived_at is null;

create table components (
    id uuid primary key,
    slug text not null,
    name text not null,
    description text,
    group_id uuid references component_groups (id),
    position integer not null,
    visibility text not null check (visibility in ('public', 'internal')),
    reported_status text not null,
    status text not null,
    status_since timestamptz not null,
    start_date date,
    showcase boolean not null,
    only_show_if_degraded boolean not null,
    link text,
    metadata jsonb not null,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz
);
create unique index components_slug_key on components (slug) where archived_at is null;
create index components_group_id on components (group_id);

-- What was said of the baseline of a component, and by whom. Only ever added to.
create table component_reports (
    id bigint generated always as identity primary key,
    component_id uuid not null references components (id),
    status text not null,
    at timestamptz not null,
    actor text not null
);
create index component_reports_component_id_at on component_reports (component_id, at);

-- The ledger. A row that turns out wrong is superseded, never deleted; of those in force
-- no two of a component may overlap.
create table component_statuses (
    id bigint generated always as identity primary key,
    component_id uuid not null references components (id),
    status text not null,
    during tstzrange not null check (not isempty(during)),
    cause text not null check (cause in ('reported', 'incident', 'maintenance', 'upstream')),
    incident_id uuid,
    actor text not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz,
    constraint component_statuses_overlap
        exclude using gist (component_id with =, during with &&) where (superseded_at is null)
);
