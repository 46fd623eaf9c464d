-- Workspaces, their users and their cards: examples/cards' first migration in PostgreSQL's words.
--
-- Zero trust: every row carries its workspace, and a reference names the workspace as well as the row. So the database
-- itself, not the application's care, refuses a card whose author or assignee belongs to another workspace.
--
-- Keys are UUIDs made by the application.

CREATE TABLE workspaces (
    id         UUID PRIMARY KEY,
    slug       TEXT NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{2,63}$'),
    name       TEXT NOT NULL CHECK (length(trim(name)) > 0),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE users (
    id           UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    email        TEXT NOT NULL CHECK (email LIKE '_%@_%'),
    name         TEXT NOT NULL,
    role         TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member', 'guest')),
    disabled_at  TIMESTAMPTZ,
    created_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, id) -- what cards refer to
);

CREATE UNIQUE INDEX idx_users_email ON users (workspace_id, lower(email));

-- Who may still sign in; a disabled user keeps the cards but not the access.
CREATE INDEX idx_users_active ON users (workspace_id, role) WHERE disabled_at IS NULL;

CREATE TABLE cards (
    id           UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    author_id    UUID NOT NULL,
    assignee_id  UUID,
    title        TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    body         TEXT NOT NULL DEFAULT '',
    status       TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'doing', 'done', 'archived')),
    position     DOUBLE PRECISION NOT NULL DEFAULT 0,
    due_at       TIMESTAMPTZ,
    created_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    FOREIGN KEY (workspace_id, author_id) REFERENCES users (workspace_id, id),
    FOREIGN KEY (workspace_id, assignee_id) REFERENCES users (workspace_id, id)
);

CREATE INDEX idx_cards_workspace ON cards (workspace_id, status, position);
CREATE INDEX idx_cards_author ON cards (workspace_id, author_id);
CREATE INDEX idx_cards_assignee ON cards (workspace_id, assignee_id) WHERE assignee_id IS NOT NULL;
CREATE INDEX idx_cards_due ON cards (due_at) WHERE due_at IS NOT NULL AND status NOT IN ('done', 'archived');

-- A card that moves would leave its author behind in another workspace.
CREATE FUNCTION cards_stay_in_workspace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a card cannot move to another workspace' USING ERRCODE = 'check_violation';
END
$$;

CREATE TRIGGER cards_stay_in_workspace
BEFORE UPDATE OF workspace_id ON cards
FOR EACH ROW WHEN (NEW.workspace_id IS DISTINCT FROM OLD.workspace_id)
EXECUTE FUNCTION cards_stay_in_workspace();

CREATE FUNCTION cards_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

CREATE TRIGGER cards_touch
BEFORE UPDATE OF title, body, status, position, due_at, assignee_id ON cards
FOR EACH ROW WHEN (NEW.updated_at = OLD.updated_at)
EXECUTE FUNCTION cards_touch();
