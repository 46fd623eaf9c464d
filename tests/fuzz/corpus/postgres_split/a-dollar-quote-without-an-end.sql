DO $body$ BEGIN END $bod$;
