DO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$;
DO LANGUAGE 'plpgsql' $$ BEGIN IF a THEN ROLLBACK AND CHAIN; END IF; END $$;
DO $$ BEGIN <<here>> commit; END $$; DO 'BEGIN ROLLBACK; END' LANGUAGE plpgsql;
DO $$ BEGIN SELECT commit FROM t; RAISE NOTICE 'COMMIT;'; /* COMMIT; */ END $$;
DO $$ BEGIN SET search_path = ''; END $$; DO $$ BEGIN SET LOCAL a.b = 1; UPDATE t SET a = 1; END $$;
DO $$ BEGIN PERFORM set_config('a.b', '', false); END $$; DO $$ BEGIN PERFORM set_config('a.b', '', true); COMMIT AND CHAIN; END $$;
CALL p(); DO;
