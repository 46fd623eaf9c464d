-- Give every card a bitmap of its own within its workspace, so that a set of cards (a filter, a grant, what a client has
-- seen) is a handful of integers: examples/cards' second migration in PostgreSQL's words.
--
-- The n-th card of a workspace, from 0, gets page n / 32 in the upper half and one bit, n % 32, in the lower half:
--
--     n = 0 → 0x00000000_00000001    n = 31 → 0x00000000_80000000    n = 32 → 0x00000001_00000001
--
-- Bitmaps of one page may be OR-ed together. A number is never used twice, even after its card is deleted: next_number
-- only grows.

CREATE TABLE card_bitmap_sequences (
    workspace_id UUID PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    next_number  BIGINT NOT NULL DEFAULT 0 CHECK (next_number >= 0)
);

CREATE FUNCTION card_bitmap(n BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE AS $$
    SELECT ((n / 32) << 32) | (1::BIGINT << (n % 32)::INTEGER)
$$;

ALTER TABLE cards ADD COLUMN card_bitmap BIGINT;

-- The cards that are there already: numbered by age.
UPDATE cards
SET card_bitmap = card_bitmap(numbered.n)
FROM (SELECT id, row_number() OVER (PARTITION BY workspace_id ORDER BY created_at, id) - 1 AS n FROM cards) AS numbered
WHERE numbered.id = cards.id;

INSERT INTO card_bitmap_sequences (workspace_id, next_number)
SELECT workspaces.id, count(cards.id)
FROM workspaces LEFT JOIN cards ON cards.workspace_id = workspaces.id
GROUP BY workspaces.id;

CREATE UNIQUE INDEX idx_cards_bitmap ON cards (workspace_id, card_bitmap);

CREATE FUNCTION auto_calculate_card_bitmap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    n BIGINT;
BEGIN
    INSERT INTO card_bitmap_sequences AS s (workspace_id, next_number)
    VALUES (NEW.workspace_id, 1)
    ON CONFLICT (workspace_id) DO UPDATE SET next_number = s.next_number + 1
    RETURNING next_number - 1 INTO n;
    NEW.card_bitmap := card_bitmap(n);
    RETURN NEW;
END
$$;

CREATE TRIGGER auto_calculate_card_bitmap
BEFORE INSERT ON cards
FOR EACH ROW WHEN (NEW.card_bitmap IS NULL)
EXECUTE FUNCTION auto_calculate_card_bitmap();

-- A bitmap that changed would silently change the sets that hold it.
CREATE FUNCTION card_bitmap_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a card''s bitmap cannot change' USING ERRCODE = 'check_violation';
END
$$;

CREATE TRIGGER card_bitmap_is_fixed
BEFORE UPDATE OF card_bitmap ON cards
FOR EACH ROW WHEN (OLD.card_bitmap IS NOT NULL AND NEW.card_bitmap IS DISTINCT FROM OLD.card_bitmap)
EXECUTE FUNCTION card_bitmap_is_fixed();
