-- An enum's value can't be dropped: the type is made anew without it, and whatever mentions the type moves over.

BEGIN;

DROP FUNCTION fail_job(bigint, text);
DROP TABLE dead_letters;
UPDATE jobs SET status = 'failed' WHERE status = 'dead';

DROP VIEW robot_liveness;
DROP TRIGGER jobs_announce ON jobs;
DROP INDEX idx_jobs_dead;
DROP INDEX idx_jobs_queue;
DROP INDEX idx_jobs_robot_active;
ALTER TABLE jobs DROP CONSTRAINT jobs_claimed_by_someone,
                 ALTER COLUMN status DROP DEFAULT;

ALTER TYPE job_status RENAME TO job_status_with_dead;
CREATE TYPE job_status AS ENUM ('queued', 'claimed', 'running', 'succeeded', 'failed', 'cancelled');
ALTER TABLE jobs ALTER COLUMN status TYPE job_status USING status::text::job_status;
DROP TYPE job_status_with_dead;

ALTER TABLE jobs ALTER COLUMN status SET DEFAULT 'queued',
                 ADD CONSTRAINT jobs_claimed_by_someone
                     CHECK (status NOT IN ('claimed', 'running') OR robot_id IS NOT NULL);
CREATE INDEX idx_jobs_queue ON jobs (priority DESC, run_after, id) WHERE status = 'queued';
CREATE INDEX idx_jobs_robot_active ON jobs (robot_id) WHERE status IN ('claimed', 'running');

CREATE TRIGGER jobs_announce
    AFTER INSERT OR UPDATE OF status ON jobs
    FOR EACH ROW
    WHEN (NEW.status = 'queued')
    EXECUTE FUNCTION announce_job();

CREATE VIEW robot_liveness WITH (security_invoker = true) AS
SELECT r.id,
       r.name,
       r.environment,
       r.status,
       r.last_heartbeat_at,
       CASE
           WHEN r.last_heartbeat_at IS NULL THEN 'never seen'
           WHEN r.last_heartbeat_at < now() - interval '5 minutes' THEN 'lost'
           WHEN r.last_heartbeat_at < now() - interval '1 minute' THEN 'late'
           ELSE 'alive'
       END AS liveness,
       (SELECT count(*) FROM jobs j WHERE j.robot_id = r.id AND j.status IN ('claimed', 'running')) AS jobs_active
FROM robots r;

COMMIT;
