-- Whoever changes a subscription must know whether somebody is sending to it: it is leased once more
-- only when that one is done, and what that one learned of the destination does not count any more.
alter table destinations
    add column leased_until timestamptz,
    add column mended boolean not null default false;
