-- amend:provides trigger robots_audit
-- amend:provides trigger workflows_audit
-- amend:provides trigger schedules_audit
-- amend:provides trigger user_roles_audit
--
-- The audit log: who changed what, append-only, a partition per year.

CREATE TYPE audit_action AS ENUM ('insert', 'update', 'delete');

CREATE TABLE audit_log (
    id        bigint GENERATED ALWAYS AS IDENTITY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    tenant_id uuid,
    actor     text NOT NULL DEFAULT coalesce(nullif(current_setting('app.user', true), ''), session_user),
    action    audit_action NOT NULL,
    object    text NOT NULL,
    old       jsonb,
    new       jsonb,
    PRIMARY KEY (id, at),
    CONSTRAINT audit_log_has_row CHECK (old IS NOT NULL OR new IS NOT NULL)
) PARTITION BY RANGE (at);

CREATE TABLE audit_log_2026 PARTITION OF audit_log FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
CREATE TABLE audit_log_2027 PARTITION OF audit_log FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2028-01-01 00:00:00+00');
CREATE TABLE audit_log_rest PARTITION OF audit_log DEFAULT;

CREATE INDEX idx_audit_log_tenant ON audit_log (tenant_id, at DESC);
CREATE INDEX idx_audit_log_object ON audit_log (object, at DESC);
CREATE INDEX idx_audit_log_new ON audit_log USING gin (new jsonb_path_ops) WHERE new IS NOT NULL;

CREATE FUNCTION audit_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT
AS $audit$
DECLARE
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after  jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    IF before IS NOT DISTINCT FROM after THEN
        RETURN NULL;
    END IF;
    INSERT INTO audit_log (tenant_id, action, object, old, new)
    VALUES ((coalesce(after, before) ->> 'tenant_id')::uuid, lower(TG_OP)::audit_action, TG_TABLE_NAME, before, after);
    RETURN NULL;
END;
$audit$;

CREATE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql
AS 'BEGIN RAISE EXCEPTION ''% is append-only'', TG_TABLE_NAME; END;';

CREATE TRIGGER audit_log_append_only
    BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['robots', 'workflows', 'schedules', 'user_roles'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION audit_row()',
                       t || '_audit', t);
    END LOOP;
END;
$$;

-- Heartbeats change robots every few seconds; those are not worth a line each.
DROP TRIGGER robots_audit ON robots;
CREATE TRIGGER robots_audit
    AFTER INSERT OR DELETE OR UPDATE OF name, hostname, environment, capabilities, labels, max_jobs, tenant_id ON robots
    FOR EACH ROW EXECUTE FUNCTION audit_row();

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON audit_log FOR SELECT USING (tenant_id = current_tenant());
