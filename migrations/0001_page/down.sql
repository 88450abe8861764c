drop table idempotency_keys;
drop table page;
drop function farol_uuid7();
drop function farol_now();
drop extension btree_gist;
