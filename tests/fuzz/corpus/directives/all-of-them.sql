-- amend:depends 001, 004
-- amend:transaction off
-- amend:provides table audit_log
-- amend:destructive "the old logs are in the archive"
-- amend:lock-timeout 2s
DROP TABLE logs;
