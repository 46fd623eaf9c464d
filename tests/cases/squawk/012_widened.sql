CREATE TABLE a12 (id bigint PRIMARY KEY, title varchar(40), price numeric(8, 2));
