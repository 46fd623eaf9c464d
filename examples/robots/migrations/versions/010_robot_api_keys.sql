-- Keys with which robots sign in. Only the SHA-256 of a key is kept; its first eight characters help people tell keys apart.

BEGIN;

CREATE TABLE robot_api_keys (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id    uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    robot_id     uuid NOT NULL REFERENCES robots (id) ON DELETE CASCADE,
    prefix       char(8) NOT NULL,
    key_hash     bytea NOT NULL UNIQUE,
    scopes       text[] NOT NULL DEFAULT ARRAY['jobs:claim', 'heartbeat:write'],
    created_by   uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT robot_api_keys_hash_is_sha256 CHECK (octet_length(key_hash) = 32),
    CONSTRAINT robot_api_keys_expires_later CHECK (expires_at > created_at)
);

CREATE INDEX idx_robot_api_keys_robot ON robot_api_keys (robot_id) WHERE revoked_at IS NULL;

-- SECURITY DEFINER: the caller is not signed in yet, and so has no tenant that the policies would let through.
CREATE FUNCTION robot_of_api_key(key text) RETURNS TABLE (robot_id uuid, tenant_id uuid, scopes text[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT
AS $fn$
BEGIN
    RETURN QUERY
    UPDATE robot_api_keys k
    SET last_used_at = clock_timestamp()
    WHERE k.key_hash = sha256(convert_to(key, 'UTF8'))
      AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
    RETURNING k.robot_id, k.tenant_id, k.scopes;
END;
$fn$;

REVOKE ALL ON FUNCTION robot_of_api_key(text) FROM PUBLIC;

ALTER TABLE robot_api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON robot_api_keys
    USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());

CREATE TRIGGER robot_api_keys_audit
    AFTER INSERT OR DELETE OR UPDATE OF scopes, expires_at, revoked_at ON robot_api_keys
    FOR EACH ROW EXECUTE FUNCTION audit_row();

INSERT INTO permissions (name, description) VALUES ('api_keys:manage', 'Make and revoke robots'' keys');

INSERT INTO role_permissions (role_id, permission)
SELECT id, 'api_keys:manage' FROM roles WHERE tenant_id IS NULL AND name = 'admin';

COMMIT;
