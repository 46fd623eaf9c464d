-- Give every card a bitmap of its own within its workspace, so that a set of cards (a filter, a grant, what a client has
-- seen) is a handful of integers.
--
-- The n-th card of a workspace, from 0, gets page n / 32 in the upper half and one bit, n % 32, in the lower half:
--
--     n = 0 → 0x00000000_00000001    n = 31 → 0x00000000_80000000    n = 32 → 0x00000001_00000001
--
-- Bitmaps of one page may be OR-ed together. A number is never used twice, even after its card is deleted: next_number
-- only grows.

CREATE TABLE card_bitmap_sequences (
    workspace_id TEXT NOT NULL PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    next_number  INTEGER NOT NULL DEFAULT 0 CHECK (next_number >= 0)
) WITHOUT ROWID;

ALTER TABLE cards ADD COLUMN card_bitmap INTEGER;

-- The cards that are there already: numbered by age.
WITH numbered AS (
    SELECT id, row_number() OVER (PARTITION BY workspace_id ORDER BY created_at, id) - 1 AS n FROM cards
)
UPDATE cards
SET card_bitmap = ((numbered.n / 32) << 32) | (1 << (numbered.n % 32))
FROM numbered
WHERE numbered.id = cards.id;

INSERT INTO card_bitmap_sequences (workspace_id, next_number)
SELECT workspaces.id, count(cards.id)
FROM workspaces LEFT JOIN cards ON cards.workspace_id = workspaces.id
GROUP BY workspaces.id;

CREATE UNIQUE INDEX idx_cards_bitmap ON cards (workspace_id, card_bitmap);

CREATE TRIGGER auto_calculate_card_bitmap
AFTER INSERT ON cards
WHEN NEW.card_bitmap IS NULL
BEGIN
    INSERT INTO card_bitmap_sequences (workspace_id, next_number)
    VALUES (NEW.workspace_id, 1)
    ON CONFLICT (workspace_id) DO UPDATE SET next_number = next_number + 1;

    UPDATE cards
    SET card_bitmap = (
        SELECT (((next_number - 1) / 32) << 32) | (1 << ((next_number - 1) % 32))
        FROM card_bitmap_sequences
        WHERE workspace_id = NEW.workspace_id
    )
    WHERE id = NEW.id;
END;

-- A bitmap that changed would silently change the sets that hold it.
CREATE TRIGGER card_bitmap_is_fixed
BEFORE UPDATE OF card_bitmap ON cards
WHEN OLD.card_bitmap IS NOT NULL AND NEW.card_bitmap IS NOT OLD.card_bitmap
BEGIN
    SELECT RAISE(ABORT, 'a card''s bitmap cannot change');
END;
