-- Mailboxes are claimed apart: as many as the connections to the mail server can carry.
update destinations d set lane = 2
from subscriptions s where s.id = d.subscription_id and s.channel = 'email';

-- A result makes a row more than twice as long, and old and new version stand side by side for a
-- while: measured, at half full a third of the results found no room beside their rows, and wrote
-- to every index.
alter table deliveries set (fillfactor = 30);

-- What a component's status may follow from is found by time: it may have had any number of incidents.
create index incidents_resolved_at on incidents (resolved_at) where resolved_at is not null and deleted_at is null;
