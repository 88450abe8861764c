drop index events_component_ids;
drop index events_incident_id;
drop index events_kind;
alter table incidents alter column number set generated always;
drop table message_templates;
drop table incident_templates;
