-- Indexes and triggers go with their tables; the referring tables go first.
DROP TABLE cards;
DROP TABLE users;
DROP TABLE workspaces;
DROP FUNCTION cards_stay_in_workspace();
DROP FUNCTION cards_touch();
