-- What a component's status follows from is, above all, what is open: it may have had any number of
-- incidents, and any number may be open elsewhere. Some unreleased builds left parts of this behind.
alter table incident_components add column if not exists is_over boolean not null default false;
update incident_components c set is_over = true
from incidents i where i.id = c.incident_id and (i.status = 'resolved' or i.deleted_at is not null);
create index if not exists incident_components_open on incident_components (component_id)
    where not is_over;

-- Kept here, so that it is right whichever release reopens an incident.
create function farol_incident_over() returns trigger language plpgsql as $$
begin
    update incident_components set is_over = new.status = 'resolved' or new.deleted_at is not null
    where incident_id = new.id;
    return null;
end $$;
create trigger incidents_over after update of status, deleted_at on incidents for each row
when ((old.status = 'resolved' or old.deleted_at is not null)
      is distinct from (new.status = 'resolved' or new.deleted_at is not null))
execute function farol_incident_over();

-- Of its intervals most often the last one matters.
create index if not exists component_statuses_last on component_statuses (component_id, lower(during))
    where superseded_at is null;

-- What ended lately is found by this index alone, so that a plan made for an empty table is a good one.
drop index incidents_resolved_at;
create index incidents_resolved_at on incidents (resolved_at) where resolved_at is not null;
