-- Workspaces, their users and their cards.
--
-- Zero trust: every row carries its workspace, and a reference names the workspace as well as the row. So the database
-- itself, not the application's care, refuses a card whose author or assignee belongs to another workspace.
--
-- Keys are UUIDs made by the application, as lower-case text of 36 characters.

CREATE TABLE workspaces (
    id         TEXT NOT NULL PRIMARY KEY
                    CHECK (length(id) = 36 AND id GLOB '????????-????-????-????-????????????' AND id = lower(id)),
    slug       TEXT NOT NULL UNIQUE CHECK (length(slug) BETWEEN 2 AND 63 AND slug NOT GLOB '*[^a-z0-9-]*'),
    name       TEXT NOT NULL CHECK (length(trim(name)) > 0),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) WITHOUT ROWID;

CREATE TABLE users (
    id           TEXT NOT NULL PRIMARY KEY
                      CHECK (length(id) = 36 AND id GLOB '????????-????-????-????-????????????' AND id = lower(id)),
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    email        TEXT NOT NULL COLLATE NOCASE CHECK (email LIKE '_%@_%'),
    name         TEXT NOT NULL,
    role         TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member', 'guest')),
    disabled_at  TEXT,
    created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (workspace_id, email),
    UNIQUE (workspace_id, id) -- what cards refer to
) WITHOUT ROWID;

-- Who may still sign in; a disabled user keeps the cards but not the access.
CREATE INDEX idx_users_active ON users (workspace_id, role) WHERE disabled_at IS NULL;

CREATE TABLE cards (
    id           TEXT NOT NULL PRIMARY KEY
                      CHECK (length(id) = 36 AND id GLOB '????????-????-????-????-????????????' AND id = lower(id)),
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    author_id    TEXT NOT NULL,
    assignee_id  TEXT,
    title        TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    body         TEXT NOT NULL DEFAULT '',
    status       TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'doing', 'done', 'archived')),
    position     REAL NOT NULL DEFAULT 0,
    due_at       TEXT,
    created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    FOREIGN KEY (workspace_id, author_id) REFERENCES users (workspace_id, id),
    FOREIGN KEY (workspace_id, assignee_id) REFERENCES users (workspace_id, id)
);

CREATE INDEX idx_cards_workspace ON cards (workspace_id, status, position);
CREATE INDEX idx_cards_author ON cards (workspace_id, author_id);
CREATE INDEX idx_cards_assignee ON cards (workspace_id, assignee_id) WHERE assignee_id IS NOT NULL;
CREATE INDEX idx_cards_due ON cards (due_at) WHERE due_at IS NOT NULL AND status NOT IN ('done', 'archived');

-- A card that moves would leave its author behind in another workspace.
CREATE TRIGGER cards_stay_in_workspace
BEFORE UPDATE OF workspace_id ON cards
WHEN NEW.workspace_id IS NOT OLD.workspace_id
BEGIN
    SELECT RAISE(ABORT, 'a card cannot move to another workspace');
END;

CREATE TRIGGER cards_touch
AFTER UPDATE OF title, body, status, position, due_at, assignee_id ON cards
WHEN NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE cards SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;
