-- What is committed is numbered together, and within one numbering the order of writing is not the
-- order of commits. A document that counted some of them need not hold the first ones: this tells
-- after which sequence the numbering began, and that far every document of its time goes.
alter table events add column numbered_after bigint;
