DELETE FROM role_permissions WHERE permission = 'templates:manage';
DELETE FROM permissions WHERE name = 'templates:manage';
DROP TABLE template_uses;
DROP TABLE templates;
DROP TYPE template_category;
