CREATE TABLE a16 (id bigint PRIMARY KEY, this_name_is_longer_than_the_sixty_three_bytes_that_the_server_keeps_of_it text);
