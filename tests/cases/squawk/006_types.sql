CREATE TABLE a6 (id bigint PRIMARY KEY, code char(3), at timestamp, views integer, small smallint, title varchar(40));
CREATE TABLE a6_serial (id serial PRIMARY KEY);
CREATE TABLE a6_bigserial (id bigserial PRIMARY KEY);
