-- A workspace to look at: sqlite3 cards.db < sample.sql
PRAGMA foreign_keys = ON;

INSERT INTO workspaces (id, slug, name) VALUES
    ('0190a1b2-0000-7000-8000-000000000001', 'atelier', 'Atelier Zoë');

INSERT INTO users (id, workspace_id, email, name, role) VALUES
    ('0190a1b2-0000-7000-8000-0000000000a1', '0190a1b2-0000-7000-8000-000000000001', 'zoe@example.org', 'Zoë', 'owner'),
    ('0190a1b2-0000-7000-8000-0000000000a2', '0190a1b2-0000-7000-8000-000000000001', 'ken@example.org', 'Ken', 'member');

INSERT INTO cards (id, workspace_id, author_id, assignee_id, title, status) VALUES
    ('0190a1b2-0000-7000-8000-0000000000c1', '0190a1b2-0000-7000-8000-000000000001',
     '0190a1b2-0000-7000-8000-0000000000a1', '0190a1b2-0000-7000-8000-0000000000a2', 'Order the glaze', 'doing'),
    ('0190a1b2-0000-7000-8000-0000000000c2', '0190a1b2-0000-7000-8000-000000000001',
     '0190a1b2-0000-7000-8000-0000000000a1', NULL, 'Fire the kiln', 'open'),
    ('0190a1b2-0000-7000-8000-0000000000c3', '0190a1b2-0000-7000-8000-000000000001',
     '0190a1b2-0000-7000-8000-0000000000a2', NULL, 'Photograph the bowls', 'open');
