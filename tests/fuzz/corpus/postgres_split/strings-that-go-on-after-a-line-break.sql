SELECT 'a'
  'b;'; SELECT E'a'
 -- between
'it\'s;'; SELECT 'a'  'b' ;
