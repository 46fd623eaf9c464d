-- Dead letters: jobs that failed for the last time wait for a person, out of the queue's way.
--
-- PostgreSQL does not let a new enum value be used in the transaction that adds it, so this file can't run in one
-- transaction. It need not say so.

ALTER TYPE job_status ADD VALUE 'dead' AFTER 'failed';

CREATE TABLE dead_letters (
    job_id     bigint PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    died_at    timestamptz NOT NULL DEFAULT now(),
    reason     text NOT NULL,
    resolution text CHECK (resolution IN ('requeued', 'discarded')),
    resolved_by uuid REFERENCES users (id) ON DELETE SET NULL,
    resolved_at timestamptz,
    CONSTRAINT dead_letters_resolved_whole CHECK ((resolution IS NULL) = (resolved_at IS NULL))
);

CREATE INDEX idx_dead_letters_open ON dead_letters (died_at) WHERE resolution IS NULL;
CREATE INDEX idx_jobs_dead ON jobs (tenant_id, finished_at DESC) WHERE status = 'dead';

-- Those that are out of tries already.
WITH dead AS (
    UPDATE jobs
    SET status = 'dead', finished_at = coalesce(finished_at, clock_timestamp())
    WHERE status = 'failed' AND attempt >= max_attempts
    RETURNING id, finished_at, error
)
INSERT INTO dead_letters (job_id, died_at, reason)
SELECT id, finished_at, coalesce(error, 'unknown') FROM dead;

CREATE FUNCTION fail_job(job bigint, why text) RETURNS job_status
    LANGUAGE plpgsql
AS $$
DECLARE
    now_status job_status;
BEGIN
    UPDATE jobs
    SET status      = CASE WHEN attempt >= max_attempts THEN 'dead' ELSE 'queued' END::job_status,
        run_after   = clock_timestamp() + interval '10 seconds' * power(2, attempt),
        robot_id    = CASE WHEN attempt >= max_attempts THEN robot_id END,
        finished_at = CASE WHEN attempt >= max_attempts THEN clock_timestamp() END,
        error       = why
    WHERE id = job AND status IN ('claimed', 'running')
    RETURNING status INTO now_status;

    IF now_status = 'dead' THEN
        INSERT INTO dead_letters (job_id, reason) VALUES (job, why);
    END IF;
    RETURN now_status;
END;
$$;
