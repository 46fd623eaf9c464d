CREATE TYPE s.mood AS ENUM ('a'); ALTER TYPE s.mood ADD VALUE 'b'; ALTER TYPE mood ADD VALUE 'c'; ALTER TYPE s.mood ADD VALUE 'd';
SELECT 'b', 'c', 'd';
