BEGIN;
DELETE FROM role_permissions WHERE permission = 'api_keys:manage';
DELETE FROM permissions WHERE name = 'api_keys:manage';
DROP FUNCTION robot_of_api_key(text);
DROP TABLE robot_api_keys;
COMMIT;
