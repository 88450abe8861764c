alter table credentials drop column reported;
drop table fates;
