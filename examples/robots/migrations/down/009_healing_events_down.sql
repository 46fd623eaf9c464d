-- The index is dropped as it was built: without keeping others from writing jobs.
DROP INDEX CONCURRENTLY idx_jobs_healed;

DROP MATERIALIZED VIEW healing_rates;
DROP TABLE healing_events;
DROP FUNCTION count_healing();
ALTER TABLE jobs DROP COLUMN healed_times;
DROP TYPE healing_strategy;
