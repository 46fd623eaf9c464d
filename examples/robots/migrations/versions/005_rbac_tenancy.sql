-- Tenants, and who may do what in them.
--
-- Everything that is there already goes to the tenant 'default'. Row-level security keeps the tenants apart: the application
-- says SET app.tenant = '…' after it has taken a connection, and sees nothing when it forgot.

BEGIN;

CREATE TABLE tenants (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO tenants (id, slug, name) VALUES ('00000000-0000-4000-8000-000000000000', 'default', 'Default');

CREATE TABLE users (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    email         text NOT NULL,
    name          text NOT NULL,
    disabled_at   timestamptz,
    last_login_at timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX idx_users_email ON users (tenant_id, lower(email));

CREATE TABLE permissions (
    name        text PRIMARY KEY CHECK (name ~ '^[a-z_]+:[a-z_]+$'),
    description text NOT NULL
);

CREATE TABLE roles (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE, -- NULL: a role of the system, the same in all tenants
    name      text NOT NULL
);

CREATE UNIQUE INDEX idx_roles_system ON roles (name) WHERE tenant_id IS NULL;
CREATE UNIQUE INDEX idx_roles_tenant ON roles (tenant_id, name) WHERE tenant_id IS NOT NULL;

CREATE TABLE role_permissions (
    role_id    uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    permission text NOT NULL REFERENCES permissions (name) ON UPDATE CASCADE,
    PRIMARY KEY (role_id, permission)
);

CREATE TABLE user_roles (
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role_id    uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    granted_by uuid REFERENCES users (id) ON DELETE SET NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, role_id)
);

INSERT INTO permissions (name, description) VALUES
    ('robots:read', 'See robots and their state'),
    ('robots:manage', 'Register, change and retire robots'),
    ('workflows:read', 'See workflows and their versions'),
    ('workflows:publish', 'Publish a version of a workflow'),
    ('jobs:read', 'See jobs and their results'),
    ('jobs:run', 'Queue, cancel and retry jobs'),
    ('schedules:manage', 'Make and change schedules'),
    ('users:manage', 'Invite users and grant roles');

INSERT INTO roles (name) VALUES ('viewer'), ('operator'), ('admin');

INSERT INTO role_permissions (role_id, permission)
SELECT r.id, p.name
FROM roles r
JOIN permissions p ON r.name = 'admin'
    OR r.name = 'operator' AND p.name IN ('robots:read', 'workflows:read', 'jobs:read', 'jobs:run', 'schedules:manage')
    OR r.name = 'viewer' AND p.name LIKE '%:read';

-- The tables that were made before there were tenants.
ALTER TABLE robots ADD COLUMN tenant_id uuid;
ALTER TABLE workflows ADD COLUMN tenant_id uuid;
ALTER TABLE jobs ADD COLUMN tenant_id uuid;
ALTER TABLE schedules ADD COLUMN tenant_id uuid;

DO $do$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['robots', 'workflows', 'jobs', 'schedules'] LOOP
        EXECUTE format($sql$UPDATE %I SET tenant_id = '00000000-0000-4000-8000-000000000000' WHERE tenant_id IS NULL$sql$, t);
    END LOOP;
END
$do$;

ALTER TABLE robots ALTER COLUMN tenant_id SET NOT NULL,
                   ADD CONSTRAINT robots_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenants (id),
                   DROP CONSTRAINT robots_name_unique,
                   ADD CONSTRAINT robots_name_unique UNIQUE (tenant_id, name);
ALTER TABLE workflows ALTER COLUMN tenant_id SET NOT NULL,
                      ADD CONSTRAINT workflows_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE jobs ALTER COLUMN tenant_id SET NOT NULL,
                 ADD CONSTRAINT jobs_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE schedules ALTER COLUMN tenant_id SET NOT NULL,
                      ADD CONSTRAINT schedules_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenants (id);

DROP INDEX idx_workflows_name;
CREATE UNIQUE INDEX idx_workflows_name ON workflows (tenant_id, lower(name));
CREATE INDEX idx_jobs_tenant ON jobs (tenant_id, status, queued_at DESC);

CREATE FUNCTION current_tenant() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;

ALTER TABLE robots ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflows ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE schedules ENABLE ROW LEVEL SECURITY;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON robots USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_isolation ON workflows USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_isolation ON jobs USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_isolation ON schedules USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY tenant_isolation ON users USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());

-- A view is run with its owner's rights, past the policies, unless it says otherwise.
ALTER VIEW robot_liveness SET (security_invoker = true);

COMMIT;
