DROP VIEW recent_robot_errors;
DROP TABLE robot_logs; -- with its partitions
DROP TYPE log_level;
