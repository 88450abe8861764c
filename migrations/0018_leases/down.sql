alter table destinations drop column ended, drop column mended, drop column leased_until;
