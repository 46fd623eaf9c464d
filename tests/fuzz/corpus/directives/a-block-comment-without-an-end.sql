/* SELECT 1;
-- amend:nonsense
