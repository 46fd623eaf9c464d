-- The queue: jobs wait, are claimed by one robot each, and end.

CREATE TYPE job_status AS ENUM ('queued', 'claimed', 'running', 'succeeded', 'failed', 'cancelled');

CREATE TABLE jobs (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workflow_id      uuid NOT NULL,
    workflow_version integer NOT NULL,
    robot_id         uuid REFERENCES robots (id) ON DELETE RESTRICT,
    status           job_status NOT NULL DEFAULT 'queued',
    priority         smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN -100 AND 100),
    needs            text[] NOT NULL DEFAULT '{}',
    payload          jsonb NOT NULL DEFAULT '{}',
    result           jsonb,
    error            text,
    attempt          smallint NOT NULL DEFAULT 0,
    max_attempts     smallint NOT NULL DEFAULT 3 CHECK (max_attempts > 0),
    run_after        timestamptz NOT NULL DEFAULT now(),
    queued_at        timestamptz NOT NULL DEFAULT now(),
    claimed_at       timestamptz,
    finished_at      timestamptz,
    CONSTRAINT jobs_workflow_version_fk FOREIGN KEY (workflow_id, workflow_version)
        REFERENCES workflow_versions (workflow_id, number),
    CONSTRAINT jobs_claimed_by_someone CHECK (status NOT IN ('claimed', 'running') OR robot_id IS NOT NULL)
);

CREATE INDEX idx_jobs_queue ON jobs (priority DESC, run_after, id) WHERE status = 'queued';
CREATE INDEX idx_jobs_robot_active ON jobs (robot_id) WHERE status IN ('claimed', 'running');
CREATE INDEX idx_jobs_workflow ON jobs (workflow_id, workflow_version, queued_at DESC);
CREATE INDEX idx_jobs_payload ON jobs USING gin (payload jsonb_path_ops);

-- Hand the best waiting job to a robot. SKIP LOCKED: robots that ask at once get different jobs and none waits.
CREATE FUNCTION claim_job(for_robot uuid) RETURNS SETOF jobs
    LANGUAGE plpgsql
AS $claim$
DECLARE
    can text[];
BEGIN
    SELECT capabilities INTO STRICT can FROM robots WHERE id = for_robot AND status IN ('idle', 'busy');

    RETURN QUERY
    UPDATE jobs
    SET status = 'claimed', robot_id = for_robot, claimed_at = clock_timestamp(), attempt = attempt + 1
    WHERE id = (
        SELECT j.id
        FROM jobs j
        WHERE j.status = 'queued' AND j.run_after <= clock_timestamp() AND j.needs <@ can
        ORDER BY j.priority DESC, j.run_after, j.id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    RETURNING *;
EXCEPTION
    WHEN no_data_found THEN
        RAISE EXCEPTION 'robot % is unknown or not at work; it can''t claim a job', for_robot
            USING ERRCODE = 'invalid_parameter_value', HINT = $hint$Register the robot and set its status to 'idle'.$hint$;
END;
$claim$;

CREATE FUNCTION announce_job() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_notify('jobs', NEW.id::text);
    RETURN NULL;
END;
$$;

CREATE TRIGGER jobs_announce
    AFTER INSERT OR UPDATE OF status ON jobs
    FOR EACH ROW
    WHEN (NEW.status = 'queued')
    EXECUTE FUNCTION announce_job();
