UPDATE a10 SET title = 'x', title = 'y' WHERE id = 1;
