-- amend:depends 001

SELECT 1;
