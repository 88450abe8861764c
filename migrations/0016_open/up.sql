-- What a component's status follows from is, above all, what is open: it may have had any number of
-- incidents, and any number may be open elsewhere.
alter table incident_components add column is_over boolean not null default false;
update incident_components c set is_over = true
from incidents i where i.id = c.incident_id and (i.status = 'resolved' or i.deleted_at is not null);
create index incident_components_open on incident_components (component_id) where not is_over;

-- Of its intervals most often the last one matters.
create index component_statuses_last on component_statuses (component_id, lower(during))
    where superseded_at is null;

-- What ended lately is found by this index alone, so that a plan made for an empty table is a good one.
drop index incidents_resolved_at;
create index incidents_resolved_at on incidents (resolved_at) where resolved_at is not null;
