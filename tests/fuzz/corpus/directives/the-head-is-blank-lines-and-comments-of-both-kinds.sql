
-- a licence
/* a block
   of two lines */   -- amend:transaction off
  	-- amend:lock-timeout 500ms
/**/
--
SELECT 1;
