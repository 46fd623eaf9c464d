ALTER TYPE mood ADD VALUE 'fine' AFTER 'well'; ALTER TYPE mood ADD VALUE 'grand' AFTER 'fine'; SELECT 'Fine', 'finest';
ALTER TYPE mood RENAME VALUE 'a' TO 'b'; ALTER TYPE mood ADD ATTRIBUTE x int;
