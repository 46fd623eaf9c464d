-- amend:provides type schedule_kind
--
-- Schedules put jobs into the queue: by a cron expression, at an interval, or once.

-- Some installations got this type from the beta's setup script.
DO $$
BEGIN
    CREATE TYPE schedule_kind AS ENUM ('cron', 'interval', 'once');
EXCEPTION
    WHEN duplicate_object THEN NULL;
END
$$;

CREATE TABLE schedules (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name             text NOT NULL,
    workflow_id      uuid NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    workflow_version integer, -- NULL: the published one when the time comes
    kind             schedule_kind NOT NULL,
    cron             text,
    every            interval,
    at               timestamptz,
    time_zone        text NOT NULL DEFAULT 'UTC',
    payload          jsonb NOT NULL DEFAULT '{}',
    enabled          boolean NOT NULL DEFAULT true,
    next_run_at      timestamptz,
    last_run_at      timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schedules_one_rule CHECK (
        CASE kind
            WHEN 'cron' THEN cron IS NOT NULL AND every IS NULL AND at IS NULL
            WHEN 'interval' THEN every > interval '0' AND cron IS NULL AND at IS NULL
            WHEN 'once' THEN at IS NOT NULL AND cron IS NULL AND every IS NULL
        END
    ),
    -- Five fields; what they mean is the scheduler's business.
    CONSTRAINT schedules_cron_shape CHECK (cron ~ '^\s*\S+(\s+\S+){4}\s*$')
);

CREATE INDEX idx_schedules_due ON schedules (next_run_at) WHERE enabled AND next_run_at IS NOT NULL;
CREATE INDEX idx_schedules_workflow ON schedules (workflow_id);

CREATE TRIGGER schedules_touch BEFORE UPDATE ON schedules FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

ALTER TABLE jobs ADD COLUMN schedule_id uuid REFERENCES schedules (id) ON DELETE SET NULL;
CREATE INDEX idx_jobs_schedule ON jobs (schedule_id) WHERE schedule_id IS NOT NULL;

-- Queue what is due and move those schedules on; returns how many. 'cron' is left to the scheduler, which sets next_run_at.
CREATE PROCEDURE run_due_schedules(INOUT queued integer DEFAULT 0)
    LANGUAGE sql
AS $$
    WITH due AS (
        SELECT s.id, s.workflow_id, s.kind, s.every, s.payload,
               coalesce(s.workflow_version, v.number) AS number
        FROM schedules s
        LEFT JOIN workflow_versions v ON v.workflow_id = s.workflow_id AND v.state = 'published'
        WHERE s.enabled AND s.next_run_at <= clock_timestamp()
        FOR UPDATE OF s SKIP LOCKED
    ), made AS (
        INSERT INTO jobs (workflow_id, workflow_version, payload, schedule_id)
        SELECT workflow_id, number, payload, id FROM due WHERE number IS NOT NULL
        RETURNING schedule_id
    ), moved AS (
        UPDATE schedules s
        SET last_run_at = clock_timestamp(),
            next_run_at = CASE due.kind WHEN 'interval' THEN s.next_run_at + due.every END
        FROM due
        WHERE s.id = due.id
        RETURNING s.id
    )
    SELECT count(*)::integer FROM made;
$$;
