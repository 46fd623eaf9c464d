-- amend:destructive "größe"
SELECT 1;
