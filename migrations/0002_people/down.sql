drop table sign_in_failures;
drop table api_tokens;
drop table refresh_tokens;
drop table sessions;
drop table users;
