-- amend:provides table robot_logs_2026_q1
-- amend:provides table robot_logs_2026_q2
-- amend:provides table robot_logs_2026_q3
-- amend:provides table robot_logs_2026_q4
--
-- Log lines of robots, a partition per quarter so that old ones can be dropped without a DELETE.

CREATE TYPE log_level AS ENUM ('trace', 'debug', 'info', 'warn', 'error', 'fatal');

CREATE TABLE robot_logs (
    at        timestamptz NOT NULL,
    tenant_id uuid NOT NULL,
    robot_id  uuid NOT NULL,
    job_id    bigint,
    level     log_level NOT NULL,
    message   text NOT NULL,
    fields    jsonb NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (at);

-- No foreign keys: a line is kept even when it comes late, after its robot has gone.
COMMENT ON TABLE robot_logs IS E'Log lines of robots.\nNo foreign keys: lines may outlive what they speak of — that''s meant.';

DO $partitions$
DECLARE
    first date;
BEGIN
    FOR q IN 0..3 LOOP
        first := date '2026-01-01' + make_interval(months => 3 * q);
        EXECUTE format('CREATE TABLE robot_logs_2026_q%s PARTITION OF robot_logs FOR VALUES FROM (%L) TO (%L)',
                       q + 1, first || ' 00:00:00+00', (first + interval '3 months')::date || ' 00:00:00+00');
    END LOOP;
END
$partitions$;

CREATE TABLE robot_logs_rest PARTITION OF robot_logs DEFAULT;

CREATE INDEX idx_robot_logs_at ON robot_logs USING brin (at) WITH (pages_per_range = 32);
CREATE INDEX idx_robot_logs_job ON robot_logs (job_id, at) WHERE job_id IS NOT NULL;
CREATE INDEX idx_robot_logs_bad ON robot_logs (tenant_id, robot_id, at DESC) WHERE level >= 'error';
CREATE INDEX idx_robot_logs_fields ON robot_logs USING gin (fields jsonb_path_ops);

ALTER TABLE robot_logs ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON robot_logs USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());

CREATE VIEW recent_robot_errors WITH (security_invoker = true) AS
SELECT l.at, l.level, r.name AS robot, l.job_id, l.message
FROM robot_logs l
LEFT JOIN robots r ON r.id = l.robot_id
WHERE l.level >= 'error' AND l.at > now() - interval '1 day';
