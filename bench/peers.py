# SPDX-License-Identifier: MIT
"""The peers: how each is found and told to bring a database up. One that isn't installed shows as "-". Those of npm are installed
into the build directory once; sqitch and alembic come from the system (scripts/install-deps bench)."""

import json
import shutil
import subprocess
from pathlib import Path

import generate
from timing import Command

NPM = ["dbmate@2", "node-pg-migrate@8", "pg@8"]


def install(folder: Path):
    """Once; without npm or a network its peers are missing, which is no failure."""
    if (folder / "node_modules").exists() or shutil.which("npm") is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    print(f"installing {', '.join(NPM)} into {folder}", flush=True)
    subprocess.run(["npm", "install", "--no-fund", "--no-audit", "--silent", "--prefix", str(folder), *NPM], check=False)


class Peers:
    def __init__(self, folder: Path, server_bin):
        self.modules = modules = folder / "node_modules"
        found = {
            "dbmate": next(iter(sorted(modules.glob("@dbmate/*/bin/dbmate"))), None),
            "node-pg-migrate": modules / ".bin" / "node-pg-migrate",
            "golang-migrate": shutil.which("migrate"),
            "alembic": shutil.which("alembic"),
            "sqitch": shutil.which("sqitch"),
        }
        self.programs = {name: str(path) for name, path in found.items() if path is not None and Path(path).exists()}
        self.psql = str(server_bin / "psql") if server_bin else None

    def versions(self):
        """name → what its --version says."""
        out = {}
        for name, program in self.programs.items():
            if name == "node-pg-migrate":  # does not know its own
                out[name] = json.loads((self.modules / name / "package.json").read_text())["version"]
                continue
            flag = "-version" if name == "golang-migrate" else "--version"
            run = subprocess.run([program, flag], capture_output=True, text=True, check=False)
            words = (run.stdout + run.stderr).split()
            out[name] = words[-1].strip("()v") if words else "?"
        return out

    def version(self, tool):
        return Command([self.programs[tool], "-version" if tool == "golang-migrate" else "--version"])

    def up(self, tool, dialect, project: Path, target):
        """The command that applies all of `project` to `target`: a file for SQLite, a URL for PostgreSQL."""
        return getattr(self, "_" + tool.replace("-", "_"))(dialect, project, target)

    def _dbmate(self, dialect, project, target):
        url = f"sqlite:{target}" if dialect == "sqlite" else target
        return Command([self.programs["dbmate"], "--no-dump-schema", "--url", url, "--migrations-dir", project, "migrate"
                        if dialect == "postgres" else "up"])

    def _golang_migrate(self, dialect, project, target):
        url = f"sqlite3://{target}" if dialect == "sqlite" else target
        return Command([self.programs["golang-migrate"], "-path", project, "-database", url, "up"])

    def _node_pg_migrate(self, _dialect, project, target):
        return Command([self.programs["node-pg-migrate"], "up", "-m", project], env={"DATABASE_URL": target})

    def _alembic(self, dialect, project, target):
        url = f"sqlite:///{target}" if dialect == "sqlite" else target.replace("postgres://", "postgresql+psycopg2://")
        ini = project / f"{Path(str(target)).name.partition('?')[0]}.ini"
        ini.write_text(f"[alembic]\nscript_location = {project}\nsqlalchemy.url = {url}\n")
        return Command([self.programs["alembic"], "-c", ini, "upgrade", "head"])

    def _sqitch(self, dialect, project, target):
        uri = f"db:sqlite:{target}" if dialect == "sqlite" else "db:" + target.replace("postgres://", "pg://")
        argv = [self.programs["sqitch"], "deploy", "--target", uri]
        if dialect == "postgres":
            argv += ["--client", self.psql]
        else:
            argv += ["--registry", f"{target}-sqitch"]
        return Command(argv, cwd=str(project), env={"SQITCH_FULLNAME": "Bench", "SQITCH_EMAIL": "bench@localhost"})

    def projects(self, dialect, count, root, tools):
        return {t: generate.project(t, dialect, count, root) for t in tools if t in self.programs}
