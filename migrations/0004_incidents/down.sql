drop table incident_components;
drop table incident_updates;
drop table incidents;
