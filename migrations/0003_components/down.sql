drop table component_statuses;
drop table component_reports;
drop table components;
drop table component_groups;
