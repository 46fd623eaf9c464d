INSERT INTO "a;b" VALUES ('it''s; fine', E'it\'s; fine', U&'d\0061t;', B'01', x'ff', N'n;');
SELECT U&"d\0061t;" FROM "x""y;";
