  -- a comment; with a semicolon
/* another; /* in it; */ one */ ;; ;
