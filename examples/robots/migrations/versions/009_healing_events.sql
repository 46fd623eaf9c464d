-- What robots mended by themselves: a selector that no longer matched, a dialogue that was in the way.
--
-- The index on jobs is built CONCURRENTLY because jobs is large and written all the time; the rest is ordinary.

CREATE TYPE healing_strategy AS ENUM ('retry', 'alternative_selector', 'image_match', 'restart_application', 'ask_a_person');

CREATE TABLE healing_events (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid NOT NULL REFERENCES tenants (id),
    job_id      bigint NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    robot_id    uuid NOT NULL REFERENCES robots (id),
    step        text NOT NULL,
    strategy    healing_strategy NOT NULL,
    selector    text,
    replacement text,
    confidence  numeric(4, 3) CHECK (confidence BETWEEN 0 AND 1),
    succeeded   boolean NOT NULL,
    took        interval NOT NULL DEFAULT '0',
    context     jsonb NOT NULL DEFAULT '{}',
    at          timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX idx_healing_events_job ON healing_events (job_id);
CREATE INDEX idx_healing_events_selector ON healing_events (selector, at DESC) WHERE selector IS NOT NULL AND succeeded;
CREATE INDEX idx_healing_events_context ON healing_events USING gin (context);

ALTER TABLE jobs ADD COLUMN healed_times integer NOT NULL DEFAULT 0;

CREATE INDEX CONCURRENTLY idx_jobs_healed ON jobs (workflow_id, finished_at DESC) WHERE healed_times > 0;

CREATE FUNCTION count_healing() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE jobs SET healed_times = healed_times + 1 WHERE id = NEW.job_id;
    RETURN NULL;
END;
$$;

CREATE TRIGGER healing_events_count
    AFTER INSERT ON healing_events
    FOR EACH ROW WHEN (NEW.succeeded)
    EXECUTE FUNCTION count_healing();

CREATE MATERIALIZED VIEW healing_rates AS
SELECT tenant_id,
       strategy,
       count(*) AS tries,
       count(*) FILTER (WHERE succeeded) AS successes,
       round(avg(confidence), 3) AS mean_confidence
FROM healing_events
GROUP BY tenant_id, strategy;

CREATE UNIQUE INDEX idx_healing_rates ON healing_rates (tenant_id, strategy);

ALTER TABLE healing_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON healing_events
    USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
