-- Robots, the workflows they run, and the versions of those workflows.
--
-- Run by hand it is one transaction, and amend takes the outer pair for its own.

BEGIN;

CREATE TYPE robot_status AS ENUM ('offline', 'idle', 'busy', 'error', 'maintenance');
CREATE TYPE robot_environment AS ENUM ('development', 'staging', 'production');
CREATE TYPE workflow_state AS ENUM ('draft', 'published', 'retired');

CREATE FUNCTION touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END;
$$;

CREATE TABLE robots (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name          text NOT NULL,
    hostname      text NOT NULL,
    status        robot_status NOT NULL DEFAULT 'offline',
    environment   robot_environment NOT NULL DEFAULT 'development',
    capabilities  text[] NOT NULL DEFAULT '{}',
    labels        jsonb NOT NULL DEFAULT '{}',
    max_jobs      smallint NOT NULL DEFAULT 1,
    registered_at timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT robots_name_unique UNIQUE (name),
    CONSTRAINT robots_name_not_blank CHECK (btrim(name) <> ''),
    CONSTRAINT robots_max_jobs_sane CHECK (max_jobs BETWEEN 1 AND 64),
    CONSTRAINT robots_labels_object CHECK (jsonb_typeof(labels) = 'object')
);

COMMENT ON TABLE robots IS 'Machines that run workflows; a robot registers itself (自己登録) and is never deleted while it has jobs';
COMMENT ON COLUMN robots.capabilities IS 'What the robot can drive: ''browser'', ''excel'', ''sap'' …';

CREATE INDEX idx_robots_available ON robots (environment, status) WHERE status IN ('idle', 'busy');
CREATE INDEX idx_robots_capabilities ON robots USING gin (capabilities);
CREATE INDEX idx_robots_labels ON robots USING gin (labels jsonb_path_ops);

CREATE TABLE workflows (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name        text NOT NULL,
    description text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT workflows_name_not_blank CHECK (btrim(name) <> '')
);

CREATE UNIQUE INDEX idx_workflows_name ON workflows (lower(name));

CREATE TABLE workflow_versions (
    workflow_id  uuid NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    number       integer NOT NULL CHECK (number > 0),
    state        workflow_state NOT NULL DEFAULT 'draft',
    definition   jsonb NOT NULL,
    published_at timestamptz,
    PRIMARY KEY (workflow_id, number),
    CONSTRAINT workflow_versions_published CHECK ((state = 'draft') = (published_at IS NULL))
);

-- At most one published version of a workflow: »die gültige Fassung«.
CREATE UNIQUE INDEX idx_workflow_versions_published ON workflow_versions (workflow_id) WHERE state = 'published';

CREATE TRIGGER robots_touch BEFORE UPDATE ON robots FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER workflows_touch BEFORE UPDATE ON workflows FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

COMMIT;
