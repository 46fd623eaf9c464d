-- claim_job returns rows of the table, so it goes first.
DROP FUNCTION claim_job(uuid);
DROP TABLE jobs;
DROP FUNCTION announce_job();
DROP TYPE job_status;
