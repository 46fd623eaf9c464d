SELECT ':', 'a -- amend:depends 1', x::text; -- amend:depends 1
/* see -- amend:depends */
SELECT 1;
	--  amend:nonsense
