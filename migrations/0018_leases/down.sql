alter table destinations drop column mended, drop column leased_until;
