DO $$ BEGIN; END $$;
DO $a$ $$ ; $b$ ; $a$; SELECT $1, a$b$c, $ü$;$ü$;
SELECT 1$$;$$;
