ALTER TYPE mood ADD VALUE IF NOT EXISTS 'fine'; ALTER TYPE mood ADD VALUE 'it''s'; ALTER TYPE mood ADD VALUE 'body';
ALTER TYPE mood ADD VALUE 'inner'; ALTER TYPE mood ADD VALUE 'unused';
INSERT INTO t VALUES ('fine', 'it''s'); DO $$ BEGIN INSERT INTO t VALUES ('body'); END $$; SELECT f('x = ''inner''');
