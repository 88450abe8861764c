create table users (
    id uuid primary key,
    email text not null,
    name text not null,
    password_hash text not null,
    role text not null check (role in ('viewer', 'responder', 'admin')),
    disabled boolean not null default false,
    last_login_at timestamptz,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index users_email_key on users (lower(email));

-- A session is a family of refresh tokens, of which only the newest is good.
create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index sessions_user_id on sessions (user_id);

create table refresh_tokens (
    hash bytea primary key,
    session_id uuid not null references sessions (id) on delete cascade,
    issued_at timestamptz not null,
    rotated_at timestamptz
);
create index refresh_tokens_session_id on refresh_tokens (session_id);

create table api_tokens (
    id uuid primary key,
    name text not null,
    prefix text not null,
    hash bytea not null constraint api_tokens_hash_key unique,
    scopes text[] not null,
    created_by text not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null
);

-- Failed sign-ins per account and per address; shared by all replicas.
create table sign_in_failures (
    key text primary key,
    failures integer not null,
    blocked_until timestamptz not null,
    updated_at timestamptz not null
);
