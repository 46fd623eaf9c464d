DROP PROCEDURE run_due_schedules(integer);
ALTER TABLE jobs DROP COLUMN schedule_id;
DROP TABLE schedules;
DROP TYPE schedule_kind;
