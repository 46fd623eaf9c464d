-- amend:destructive "bitmaps are numbered again, by age, when the migration is applied again"
DROP TRIGGER card_bitmap_is_fixed ON cards;
DROP TRIGGER auto_calculate_card_bitmap ON cards;
DROP FUNCTION card_bitmap_is_fixed();
DROP FUNCTION auto_calculate_card_bitmap();
DROP INDEX idx_cards_bitmap;
ALTER TABLE cards DROP COLUMN card_bitmap;
DROP FUNCTION card_bitmap(BIGINT);
DROP TABLE card_bitmap_sequences;
