BEGIN;
DROP VIEW robot_liveness;
DROP TABLE robot_heartbeats;
DROP FUNCTION note_heartbeat();
ALTER TABLE robots DROP COLUMN last_heartbeat_at; -- its index goes with it
COMMIT;
