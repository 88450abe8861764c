-- Whoever changes a subscription must know whether somebody is sending to it: it is leased once more
-- only when that one is done, and what that one learned of the destination does not count any more.
alter table destinations
    add column leased_until timestamptz,
    add column mended boolean not null default false,
    -- The subscription was deleted: nothing is owed to it any more.
    add column ended boolean not null default false;
update destinations d set ended = true
from subscriptions s where s.id = d.subscription_id and s.deleted_at is not null;
