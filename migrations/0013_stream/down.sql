alter table events drop column numbered_after;
