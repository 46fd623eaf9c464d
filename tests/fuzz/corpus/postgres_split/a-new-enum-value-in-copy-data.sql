ALTER TYPE mood ADD VALUE 'fine'; ALTER TYPE mood ADD VALUE 'fin'; COPY t FROM stdin;
1	fine
\.
