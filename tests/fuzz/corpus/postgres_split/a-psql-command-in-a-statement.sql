SELECT 'a' AS é \gexec
