-- Templates: workflows to start from. The catalogue that comes with the product is loaded here.

CREATE TYPE template_category AS ENUM ('finance', 'people', 'logistics', 'browser', 'other');

CREATE TABLE templates (
    slug       text PRIMARY KEY,
    category   template_category NOT NULL DEFAULT 'other',
    title      text NOT NULL,
    language   text NOT NULL DEFAULT 'en',
    tags       text[] NOT NULL DEFAULT '{}',
    definition jsonb NOT NULL,
    note       text,
    search     tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, title || ' ' || coalesce(note, ''))) STORED
);

CREATE INDEX idx_templates_search ON templates USING gin (search);
CREATE INDEX idx_templates_tags ON templates USING gin (tags);

/* Tabs between the columns, \N for NULL, and the backslash is COPY's own escape: a script can't be split at
   semicolons alone; look at the third row. /* This comment nests. */ */
COPY templates (slug, category, title, language, tags, definition, note) FROM stdin;
invoice-intake	finance	Read invoices from a mailbox	en	{invoice,mail}	{"steps": [{"do": "mail.fetch"}, {"do": "pdf.read"}, {"do": "erp.post"}]}	\N
rechnungsprüfung	finance	Rechnungen prüfen und freigeben	de	{invoice,prüfung}	{"steps": [{"do": "erp.list"}, {"do": "human.approve"}]}	Für Beträge über 1.000 €
sql-export	other	Export a query; then mail it	en	{sql,export}	{"steps": [{"do": "sql.run", "text": "SELECT 'a;b' -- not a comment"}]}	Semicolons; quotes ' and $$ stay as they are
請求書	finance	請求書を読み取る	ja	{invoice,請求}	{"steps": [{"do": "pdf.read", "lang": "ja"}]}	改行\\nは二文字
onboarding	people	Set up a new colleague’s accounts	en	{}	{"steps": []}	First line\nsecond line\twith a tab
\.

CREATE TABLE template_uses (
    template    text NOT NULL REFERENCES templates (slug) ON UPDATE CASCADE ON DELETE CASCADE,
    workflow_id uuid NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    used_by     uuid REFERENCES users (id) ON DELETE SET NULL,
    used_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (template, workflow_id)
);

INSERT INTO permissions (name, description) VALUES ('templates:manage', 'Add and change templates');

INSERT INTO role_permissions (role_id, permission)
SELECT id, 'templates:manage' FROM roles WHERE tenant_id IS NULL AND name = 'admin';
