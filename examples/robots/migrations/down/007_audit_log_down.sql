DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['robots', 'workflows', 'schedules', 'user_roles'] LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', t || '_audit', t);
    END LOOP;
END
$$;

DROP TABLE audit_log; -- with its partitions
DROP FUNCTION refuse_change();
DROP FUNCTION audit_row();
DROP TYPE audit_action;
