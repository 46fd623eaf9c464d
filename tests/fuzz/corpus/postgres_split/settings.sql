SET search_path = ''; SET LOCAL work_mem = '1MB'; SET SESSION a.b TO 1; SET TIME ZONE 'UTC';
SET LOCAL ROLE x; SET ROLE x; SET SESSION AUTHORIZATION x; RESET ALL;
SET TRANSACTION READ ONLY; SET CONSTRAINTS ALL DEFERRED;
SELECT pg_catalog.set_config('search_path', '', false);
SELECT set_config('a.b', 'x', true); SELECT "set_config"('a.b', lower('X'), is_local => 't'); SELECT set_config;
