COPY t (a, "b;") FROM stdin;
1	it's; "not SQL" $$
\N	\\.
\.
SELECT 1;
copy public.t from STDIN with (format csv); -- the data follows
\.
COPY t TO stdout; COPY (SELECT * FROM stdin) TO stdout; COPY t FROM '/x/stdin'; COPY t FROM program 'x';
