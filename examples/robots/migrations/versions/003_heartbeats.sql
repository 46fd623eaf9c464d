-- Heartbeats: one row per robot and beat, the newest one also on the robot itself so that liveness is one index away.

BEGIN;

CREATE TABLE robot_heartbeats (
    robot_id    uuid NOT NULL REFERENCES robots (id) ON DELETE CASCADE,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    status      robot_status NOT NULL,
    cpu_percent real CHECK (cpu_percent BETWEEN 0 AND 100),
    memory_mb   integer CHECK (memory_mb >= 0),
    jobs_active smallint NOT NULL DEFAULT 0,
    details     jsonb,
    PRIMARY KEY (robot_id, at)
);

CREATE INDEX idx_robot_heartbeats_at ON robot_heartbeats USING brin (at);

ALTER TABLE robots ADD COLUMN last_heartbeat_at timestamptz;
CREATE INDEX idx_robots_last_heartbeat ON robots (last_heartbeat_at) WHERE status <> 'offline';

CREATE FUNCTION note_heartbeat() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE robots
    SET last_heartbeat_at = greatest(last_heartbeat_at, NEW.at), status = NEW.status
    WHERE id = NEW.robot_id;
    RETURN NULL;
END;
$$;

CREATE TRIGGER robot_heartbeats_note AFTER INSERT ON robot_heartbeats FOR EACH ROW EXECUTE FUNCTION note_heartbeat();

-- What the dashboard shows. A robot that was silent for a minute is 'late', after five it is 'lost'.
CREATE VIEW robot_liveness AS
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
