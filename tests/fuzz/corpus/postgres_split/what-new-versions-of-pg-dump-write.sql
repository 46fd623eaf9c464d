--
-- PostgreSQL database dump
--

\restrict xIqQ
SELECT 1;
