# SPDX-License-Identifier: MIT
"""Migrations to measure with: deterministic, 10 to 30 lines each (a table with its columns, an index, a view or trigger, rows),
in SQLite's or PostgreSQL's words, written in the layout of amend and of each peer. Every tenth also alters an older table."""

import random
from pathlib import Path

WORDS = "amber birch cedar delta ember fjord grove heath inlet juniper kelp larch maple north otter pine quartz reed sage tide".split()
TYPES = {
    "sqlite": ["INTEGER NOT NULL DEFAULT 0", "TEXT NOT NULL DEFAULT ''", "REAL", "TEXT", "INTEGER"],
    "postgres": ["integer NOT NULL DEFAULT 0", "text NOT NULL DEFAULT ''", "numeric(12,2)", "timestamptz", "bigint"],
}


def statements(dialect, n, alters=True):
    """The statements of migration n, in order, each with its semicolon."""
    rng = random.Random(n)
    table = f"{WORDS[n % len(WORDS)]}_{n:05d}"
    columns = [f"{rng.choice(WORDS)}_{i}" for i in range(rng.randint(4, 9))]
    key = "id INTEGER PRIMARY KEY" if dialect == "sqlite" else "id bigint PRIMARY KEY"
    body = [key] + [f"{c} {rng.choice(TYPES[dialect])}" for c in columns] + ["note TEXT"]
    out = [f"CREATE TABLE {table} (\n    " + ",\n    ".join(body) + "\n);"]
    out.append(f"CREATE INDEX idx_{table}_note ON {table} (note, {columns[0]});")
    out.append(trigger(dialect, table) if n % 2 else f"CREATE VIEW v_{table} AS\n    SELECT id, note FROM {table} WHERE id > {n};")
    if alters and n % 10 == 0 and n > 10:
        out.append(f"ALTER TABLE {WORDS[(n - 9) % len(WORDS)]}_{n - 9:05d} ADD COLUMN extra_{n} TEXT;")
    rows = [f"    ({i}, '{' '.join(rng.choices(WORDS, k=4))}')" for i in range(1, rng.randint(3, 7))]
    out.append(f"INSERT INTO {table} (id, note) VALUES\n" + ",\n".join(rows) + ";")
    return out


def trigger(dialect, table):
    if dialect == "sqlite":
        return (f"CREATE TRIGGER trg_{table} AFTER UPDATE ON {table}\nBEGIN\n"
                f"    UPDATE {table} SET note = 'seen' WHERE id = NEW.id AND note IS NULL;\nEND;")
    return (f"CREATE FUNCTION fn_{table}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n"
            f"    NEW.note = coalesce(NEW.note, 'seen');\n    RETURN NEW;\nEND;\n$$;\n"
            f"CREATE TRIGGER trg_{table} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION fn_{table}();")


def script(dialect, n, padded=0):
    """Padded ones alter nothing: SQLite's ALTER TABLE takes time in proportion to the whole schema, minutes for ten thousand."""
    text = f"-- migration {n}\n" + "\n".join(statements(dialect, n, not padded)) + "\n"
    while len(text) < padded:
        text += "-- " + " ".join(random.Random(len(text)).choices(WORDS, k=15)) + "\n"
    return text


def name(n):
    return f"add_{WORDS[n % len(WORDS)]}_{n:05d}"


def floor_script(dialect, count, path):
    """Everything in one file. SQLite: in one transaction. PostgreSQL: each migration in its own, which is the guarantee that
    everyone compared here gives; in a single transaction it takes the same time."""
    parts = [script(dialect, n) for n in range(1, count + 1)]
    if dialect == "sqlite":
        parts = ["BEGIN;\n", *parts, "COMMIT;\n"]
    else:
        parts = [f"BEGIN;\n{p}COMMIT;\n" for p in parts]
    path.write_text("".join(parts))


def amend(dialect, count, base, padded=0):
    folder = base / "versions"
    folder.mkdir(parents=True)
    for n in range(1, count + 1):
        (folder / f"{n:05d}_{name(n)}.sql").write_text(script(dialect, n, padded))


def dbmate(dialect, count, base):
    base.mkdir(parents=True)
    for n in range(1, count + 1):
        (base / f"{20260101000000 + n}_{name(n)}.sql").write_text(f"-- migrate:up\n{script(dialect, n)}\n-- migrate:down\n")


def golang_migrate(dialect, count, base):
    base.mkdir(parents=True)
    for n in range(1, count + 1):
        (base / f"{n:06d}_{name(n)}.up.sql").write_text(script(dialect, n))


def node_pg_migrate(dialect, count, base):
    base.mkdir(parents=True)
    for n in range(1, count + 1):
        (base / f"{1700000000000 + n}_{name(n)}.sql").write_text(f"-- Up Migration\n{script(dialect, n)}\n-- Down Migration\n")


ALEMBIC_ENV = """from alembic import context
from sqlalchemy import create_engine, pool
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""


def alembic(dialect, count, base):
    """One op.execute for each statement: sqlite3's Python module takes no more at once."""
    (base / "versions").mkdir(parents=True)
    (base / "env.py").write_text(ALEMBIC_ENV)
    (base / "script.py.mako").write_text("")
    for n in range(1, count + 1):
        before = f'"{n - 1:05d}"' if n > 1 else "None"
        calls = "".join(f'    op.execute("""{s}""")\n' for s in statements(dialect, n))
        (base / "versions" / f"{n:05d}_{name(n)}.py").write_text(
            f'from alembic import op\n\nrevision = "{n:05d}"\ndown_revision = {before}\n\n\ndef upgrade():\n{calls}\n\n'
            "def downgrade():\n    pass\n")


def sqitch(dialect, count, base):
    (base / "deploy").mkdir(parents=True)
    engine = "sqlite" if dialect == "sqlite" else "pg"
    (base / "sqitch.conf").write_text(f"[core]\n\tengine = {engine}\n")
    plan = ["%syntax-version=1.0.0", "%project=bench", ""]
    for n in range(1, count + 1):
        plan.append(f"{name(n)} 2026-01-01T00:{n // 60 % 60:02d}:{n % 60:02d}Z Bench <bench@localhost> # migration {n}")
        (base / "deploy" / f"{name(n)}.sql").write_text(f"BEGIN;\n{script(dialect, n)}COMMIT;\n")
    (base / "sqitch.plan").write_text("\n".join(plan) + "\n")


LAYOUTS = {"amend": amend, "dbmate": dbmate, "golang-migrate": golang_migrate, "node-pg-migrate": node_pg_migrate,
           "alembic": alembic, "sqitch": sqitch}


def project(tool, dialect, count, root: Path, padded=0):
    """The directory with `count` migrations in the tool's layout, made when it isn't there yet."""
    base = root / f"{tool}-{dialect}-{count}{'-padded' if padded else ''}"
    if not base.exists():
        LAYOUTS[tool](dialect, count, base, **({"padded": padded} if padded else {}))
    return base
