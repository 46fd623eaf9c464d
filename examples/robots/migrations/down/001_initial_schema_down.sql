BEGIN;
DROP TABLE workflow_versions;
DROP TABLE workflows;
DROP TABLE robots;
DROP FUNCTION touch_updated_at();
DROP TYPE workflow_state;
DROP TYPE robot_environment;
DROP TYPE robot_status;
COMMIT;
