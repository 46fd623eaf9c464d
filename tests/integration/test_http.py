# SPDX-License-Identifier: MIT
"""examples/http-cards: every route on both databases, healing behind it, bodies that survive it, and ten thousand connections."""
import concurrent.futures
import glob
import os
import re
import resource
import shutil
import signal
import socket
import subprocess

import pytest
from support.project import ROOT, clean_env
from support.service import MIGRATIONS, Load, Service, program
from support.waiting import wait_until
from test_embed import build_dir, instrumentation

MIB = 1 << 20
WORKSPACE = "0190a1b2-0000-7000-8000-000000000001"
OWNER = "0190a1b2-0000-7000-8000-0000000000a1"
CARD = "0190a1b2-0000-7000-8000-0000000000c1"
NOBODY = "0190a1b2-0000-7000-8000-0000000000ff"
ROWS = f"""INSERT INTO workspaces (id, slug, name) VALUES ('{WORKSPACE}', 'atelier', 'Atelier');
INSERT INTO users (id, workspace_id, email, name, role) VALUES ('{OWNER}', '{WORKSPACE}', 'zoe@example.org', 'Zoë', 'owner');
INSERT INTO cards (id, workspace_id, author_id, title) VALUES ('{CARD}', '{WORKSPACE}', '{OWNER}', 'Order the glaze');
"""
MISSING_COLUMN = {"sqlite": "no such column: card_bitmap", "postgres": 'column "card_bitmap" does not exist'}


@pytest.fixture
def serve(tmp_path):
    """serve(db, …) → a running service; killed at the test's end."""
    made = []

    def start(db, *args, **env):
        home = tmp_path / f"service{len(made)}"
        home.mkdir()
        made.append(Service(home, db.url, *args, **env))
        return made[-1]

    yield start
    for service in made:
        service.close()


@pytest.fixture
def behind(project, db):
    """A database that lacks the second migration, with a card in it."""
    shutil.rmtree(project.dir)
    shutil.copytree(MIGRATIONS[db.kind], project.dir)
    project.amend("up", "--to", "001")
    db.sql(ROWS)
    return db


# ------------------------------------------------------------------------------------------------ healing from empty


def test_up_from_empty(serve, db):
    service = serve(db)
    assert service.ask("GET", "/health").json() == {"status": "ok"}
    assert not db.has("_migrations")
    workspace = service.workspace()
    assert db.versions() == ["001"]
    assert service.ask("GET", "/cards").json() == []
    assert db.versions() == ["001", "002"]
    cards = [service.card(workspace, f"card {n}") for n in range(3)]
    assert [card["bitmap"] for card in cards] == ["0000000000000001", "0000000000000002", "0000000000000004"]
    assert re.search(r"^applied 001 zero_trust_schema \(\d+ ms\)$", service.log(), re.M)
    assert re.search(r"^healed: .*workspaces", service.log(), re.M)
    assert service.log().count("\napplied 002") + service.log().startswith("applied 002") == 1
    assert service.stop() == 0


def test_first_transaction_of_all(serve, db):
    """Nothing is there, not even the workspace: a conflict, whether the cure went back with its transaction or not."""
    service = serve(db)
    answer = service.ask("POST", "/cards", {"workspace_id": WORKSPACE, "author_id": OWNER, "title": "t"})
    assert answer.status == 409, answer
    workspace = service.workspace()
    assert db.value("SELECT count(*) FROM users") == 1
    service.card(workspace)
    assert db.value("SELECT count(*) FROM cards") == 1
    assert db.versions() == ["001", "002"]


def test_transaction_on_the_way(serve, behind):
    """POST /cards inserts, and then misses the column: the new row is there exactly once."""
    service = serve(behind)
    answer = service.ask("POST", "/cards", {"workspace_id": WORKSPACE, "author_id": OWNER, "title": "two"})
    assert answer.status == 201, answer
    assert behind.value("SELECT count(*) FROM cards") == 2
    assert sorted(service_bitmaps(service)) == ["0000000000000001", "0000000000000002"]
    assert behind.applied_events() == ["001", "002"]


def service_bitmaps(service):
    return [card["bitmap"] for card in service.ask("GET", "/cards").json()]


# ------------------------------------------------------------------------------------------------ routes


def test_routes(serve, db):
    service = serve(db)
    workspace = service.workspace()
    other = service.workspace("other")
    first = service.card(workspace, "Fire the kiln", body="1200 °C", status="doing", assignee_id=workspace["owner_id"])
    second = service.card(workspace, "Glaze")
    service.card(other, "elsewhere")
    assert first["title"] == "Fire the kiln" and first["body"] == "1200 °C" and first["status"] == "doing"
    assert first["assignee_id"] == workspace["owner_id"] and second["assignee_id"] is None and second["due_at"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", first["created_at"])

    assert service.ask("GET", f"/cards/{first['id']}").json() == first
    mine = service.ask("GET", f"/cards?workspace={workspace['id']}").json()
    assert {card["id"] for card in mine} == {first["id"], second["id"]}
    assert len(service.ask("GET", "/cards").json()) == 3
    assert len(service.ask("GET", "/cards?limit=2").json()) == 2

    changed = service.ask("PATCH", f"/cards/{second['id']}", {"status": "done", "position": -1.5, "title": "Glaze it", "body": None})
    assert changed.status == 200
    got = changed.json()
    assert (got["status"], got["position"], got["title"], got["body"]) == ("done", -1.5, "Glaze it", "")
    assert got["updated_at"] > second["updated_at"] and got["created_at"] == second["created_at"]
    assert service.ask("GET", f"/cards?workspace={workspace['id']}&limit=1").json() == [got]

    written = service.ask("PUT", f"/cards/{first['id']}/body", "größer\n'; --".encode())
    assert written.json() == {"id": first["id"], "bitmap": "0000000000000001"}
    assert service.ask("GET", f"/cards/{first['id']}").json()["body"] == "größer\n'; --"
    assert service.ask("PUT", f"/cards/{first['id']}/body", b"").status == 200
    assert service.ask("GET", f"/cards/{first['id']}").json()["body"] == ""

    deleted = service.ask("DELETE", f"/cards/{first['id']}")
    assert (deleted.status, deleted.body) == (204, b"")
    for method, path, body in [("GET", "", None), ("DELETE", "", None), ("PATCH", "", {"title": "x"}), ("PUT", "/body", b"x")]:
        assert service.ask(method, f"/cards/{first['id']}{path}", body).status == 404
    head = service.ask("HEAD", "/cards")
    assert (head.status, head.body) == (200, b"") and int(head.headers["Content-Length"]) > 2
    assert service.stop() == 0


WRONG = {
    "no JSON": (b"{", "expected"),
    "empty": (b"", "expected"),
    "no object": (b"[]", "must be a JSON object"),
    "not UTF-8": (b'{"title": "\xff"}', "decode"),
    "twice": (b'{"title": "a", "title": "b"}', "duplicate"),
    "unknown": ({"titel": "a"}, '"titel" is not known here'),
    "missing": ({"workspace_id": WORKSPACE, "author_id": OWNER}, '"title" is missing'),
    "null": ({"workspace_id": WORKSPACE, "author_id": OWNER, "title": None}, '"title" is missing'),
    "no text": ({"workspace_id": WORKSPACE, "author_id": OWNER, "title": 7}, '"title" must be a string'),
    "too short": ({"workspace_id": WORKSPACE, "author_id": OWNER, "title": ""}, '"title" is too short or too long'),
    "too long": ({"workspace_id": WORKSPACE, "author_id": OWNER, "title": "ö" * 201}, '"title" is too short or too long'),
    "no id": ({"workspace_id": "7", "author_id": OWNER, "title": "a"}, '"workspace_id" must be a UUID'),
    "an id in capitals": ({"workspace_id": WORKSPACE.upper(), "author_id": OWNER, "title": "a"}, '"workspace_id" must be a UUID'),
    "status": ({"workspace_id": WORKSPACE, "author_id": OWNER, "title": "a", "status": "lost"}, '"status" must be open'),
}


def test_wrong_requests(serve, behind):
    service = serve(behind)
    for name, (body, words) in WRONG.items():
        answer = service.ask("POST", "/cards", body)
        assert (answer.status, words in answer.json()["error"]) == (400, True), f"{name}: {answer}"
    assert service.ask("PATCH", f"/cards/{CARD}", {"position": "1"}).json() == {"error": '"position" must be a number'}
    for query in ("limit=0", "limit=201", "limit=x", "limit=1x", "workspace=7"):
        assert service.ask("GET", f"/cards?{query}").status == 400, query
    assert service.ask("PUT", f"/cards/{CARD}/body", b"\xff").status == 400
    assert service.ask("PUT", f"/cards/{CARD}/body", b"a\0b").status == 400
    for path in ("/", "/cards/", "/cards/7", f"/cards/{CARD}x", f"/cards/{CARD}/", f"/cards/{CARD}/title", f"/card/{CARD}",
                 f"/cards/{CARD.replace('-', '+')}"):
        assert service.ask("GET", path).status == 404, path
    for path, allowed in (("/cards", "GET, POST"), (f"/cards/{CARD}", "GET, PATCH, DELETE"), ("/health", "GET")):
        answer = service.ask("PUT", path, b"x")
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert behind.versions() == ["001"], "nothing of this asks the database"
    assert service.ask("POST", "/cards", {"workspace_id": WORKSPACE, "author_id": NOBODY, "title": "a"}).status == 409
    taken = {"slug": "atelier", "name": "a", "owner_email": "a@b", "owner_name": "a"}
    assert service.ask("POST", "/workspaces", taken).status == 409
    assert behind.value("SELECT count(*) FROM users") == 1


# ------------------------------------------------------------------------------------------------ not healed


def test_healing_off(serve, db, make_db):
    service = serve(db, AMEND_HEAL="off")
    answer = service.ask("GET", "/cards")
    words = {"sqlite": "no such table: cards", "postgres": 'relation "cards" does not exist'}[db.kind]
    assert (answer.status, answer.json()) == (500, {"error": words})
    assert service.ask("POST", "/workspaces", {"slug": "aa", "name": "a", "owner_email": "a@b", "owner_name": "a"}).status == 500
    assert service.ask("PUT", f"/cards/{CARD}/body", b"x").status == 500
    assert not db.has("cards") and db.versions() == []
    assert "healed" not in service.log()


@pytest.mark.parametrize("policy", ["additive", "report"])
def test_refused(serve, behind, policy):
    """The second migration changes rows: not without being asked. The handler's own answer goes out, each time."""
    service = serve(behind, AMEND_HEAL=policy)
    before = behind.snapshot()
    for _ in range(2):
        for method, path, body in (("GET", "/cards", None), ("PUT", f"/cards/{CARD}/body", b"x"),
                                   ("POST", "/cards", {"workspace_id": WORKSPACE, "author_id": OWNER, "title": "a"})):
            answer = service.ask(method, path, body)
            assert (answer.status, answer.json()) == (500, {"error": MISSING_COLUMN[behind.kind]})
    assert behind.snapshot() == before and behind.versions() == ["001"]
    assert "not healed: " in service.log() and "002" in service.log()
    assert f"PUT /cards/{CARD}/body: a missing object could not be cured (migration 002 add_bitmap_sequences)" in service.log()


def test_broken_migration(serve, behind, tmp_path):
    """Its own words for the client; and when the file is mended, no restart is needed."""
    broken = tmp_path / "broken"
    shutil.copytree(MIGRATIONS[behind.kind], broken)
    [file] = glob.glob(f"{broken}/**/002_add_bitmap_sequences.sql", recursive=True)
    with open(file, "a") as script:
        script.write("\nINSERT INTO nowhere VALUES (1);\n")
    service = serve(behind, "--migrations", broken)
    before = behind.snapshot()
    for _ in range(3):
        answer = service.ask("PUT", f"/cards/{CARD}/body", b"x")
        assert (answer.status, answer.json()) == (500, {"error": MISSING_COLUMN[behind.kind]})
    assert behind.snapshot() == before
    assert service.log().count("not healed") == 1, service.log()  # tried once
    [good] = glob.glob(f"{MIGRATIONS[behind.kind]}/**/002_add_bitmap_sequences.sql", recursive=True)
    shutil.copyfile(good, file)
    wait_until(lambda: service.ask("PUT", f"/cards/{CARD}/body", b"x").status == 200, "the mended migration")
    assert behind.versions() == ["001", "002"]


# ------------------------------------------------------------------------------------------------ run again


def text_of(size):
    return (b"0123456789abcdef-" * (size // 17 + 1))[:size]


@pytest.mark.parametrize("size", [0, 1, 100000, MIB])
def test_body_survives(serve, behind, size):
    service = serve(behind)
    answer = service.ask("PUT", f"/cards/{CARD}/body", text_of(size))
    assert (answer.status, answer.json()) == (200, {"id": CARD, "bitmap": "0000000000000001"})
    assert behind.value("SELECT body FROM cards") == text_of(size).decode()
    assert service.log().count(f"PUT /cards/{CARD}/body: cured, run again (migration 002 add_bitmap_sequences)") == 1
    assert behind.applied_events() == ["001", "002"]


def test_chunked_body_survives(serve, behind):
    service = serve(behind)
    pieces = [text_of(70000)[i : i + 700] for i in range(0, 70000, 700)]
    answer = service.ask("PUT", f"/cards/{CARD}/body", iter(pieces), encode_chunked=True)
    assert answer.status == 200, answer
    assert behind.value("SELECT body FROM cards") == text_of(70000).decode()


def test_body_too_large(serve, behind):
    service = serve(behind)
    answer = service.ask("PUT", f"/cards/{CARD}/body", text_of(MIB + 1))
    assert answer.status == 413
    expects = service.ask("PUT", f"/cards/{CARD}/body", None, headers={"Content-Length": str(MIB + 1), "Expect": "100-continue"})
    assert expects.status == 413  # without having sent it
    assert behind.value("SELECT body FROM cards") == "" and behind.versions() == ["001"]
    assert service.log().count(f"PUT /cards/{CARD}/body: its body is too large") == 2


def test_client_gone_in_the_middle(serve, behind):
    service = serve(behind)
    with socket.create_connection(("127.0.0.1", service.port)) as half:
        half.sendall(f"PUT /cards/{CARD}/body HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf".encode())
    wait_until(lambda: service.connections() == 0, "the end of the connection")
    assert behind.versions() == ["001"]
    assert service.ask("PUT", f"/cards/{CARD}/body", b"whole").status == 200


def test_many_run_again_at_once(serve, behind):
    """The middleware's way, from many clients: one application, every body where it belongs."""
    service = serve(behind, "--threads", 16)
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        answers = list(pool.map(lambda n: service.ask("PUT", f"/cards/{CARD}/body", text_of(n * 1000)), range(96)))
    assert [answer.status for answer in answers] == [200] * 96
    assert behind.applied_events() == ["001", "002"]
    assert len(behind.value("SELECT body FROM cards")) % 1000 == 0


# ------------------------------------------------------------------------------------------------ ten thousand


def many():
    """Ten thousand, or what the hard limit of open files allows. AMEND_TEST_CONNECTIONS: for a build that is very slow."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = int(os.environ.get("AMEND_TEST_CONNECTIONS", "10000"))
    count = min(wanted, hard - 300)
    if count < wanted:
        print(f"only {count} connections: the hard limit of open files is {hard}")
    return count


def check_load(told, connections, service):
    assert "Non-2xx" not in told and "Socket errors" not in told, f"{told}\n{service.log()[-3000:]}"
    assert int(re.search(r"(\d+) requests in", told)[1]) >= connections, told
    assert "not healed" not in service.log() and "failed" not in service.log().lower(), service.log()[-3000:]
    print(told)


def test_ten_thousand_connections(serve, behind):
    """All of them come while the column is missing."""
    service = serve(behind)
    load = Load(service, "/cards?limit=1", many(), 6)
    try:
        load.wait_connected()
        check_load(load.finish(), load.connections, service)
    finally:
        load.close()
    assert behind.applied_events() == ["001", "002"]
    assert service.stop() == 0


def test_column_lost_under_ten_thousand_connections(serve, project, behind):
    """All of them are there and asking when the column goes away: `amend down` under load."""
    project.amend("up")
    service = serve(behind)
    load = Load(service, "/cards?limit=1", many(), 8)
    try:
        load.wait_connected()
        assert "healed" not in service.log()
        project.amend("down")
        wait_until(lambda: behind.versions() == ["001", "002"], "the cure")
        check_load(load.finish(), load.connections, service)
    finally:
        load.close()
    told = [(event["type"], event["version"]) for event in behind.events() if event["version"] == "002"]
    told = [one for one in told if one[0].startswith("migration.")]
    assert told == [("migration.applied", "002"), ("migration.rolled_back", "002"), ("migration.applied", "002")]
    assert service.stop() == 0


# ------------------------------------------------------------------------------------------------ the program


def test_restart(serve, db):
    first = serve(db)
    workspace = first.workspace()
    card = first.card(workspace)
    with socket.create_connection(("127.0.0.1", first.port)):  # an idle client doesn't keep it up
        assert first.stop(signal.SIGINT) == 0
    second = serve(db)
    assert second.ask("GET", f"/cards/{card['id']}").json() == card
    assert "healed" not in second.log()


def test_connection_lost(serve, pg):
    """The server ends its sessions: an error each at most, then they are made anew."""
    service = serve(pg, "--threads", 1)
    service.workspace()
    service.ask("GET", "/cards")
    pg.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    assert service.ask("GET", "/cards").status in (200, 500)
    assert service.ask("GET", "/cards").status == 200


def test_usage(tmp_path, lite):
    def run(*args, **env):
        return subprocess.run([program(), *args], cwd=tmp_path, env=clean_env(tmp_path, **env), capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)

    for args in (["--port", "x"], ["--port", "65536"], ["--threads", "0"], ["--nothing"], ["more"]):
        done = run(*args)
        assert done.returncode == 2 and "usage: http-cards" in done.stderr, args
    assert run(PORT="1x").returncode == 2
    assert "DATABASE_URL" in run(DATABASE_URL="mysql://a/b").stderr
    nowhere = run(DATABASE_URL="sqlite:/no/such/place/cards.db")
    assert nowhere.returncode == 1 and "/no/such/place" in nowhere.stderr
    wrong = run(DATABASE_URL=lite.url, AMEND_HEAL="perhaps")
    assert wrong.returncode == 1 and "AMEND_HEAL" in wrong.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("--port", port, DATABASE_URL=lite.url)
        assert done.returncode == 1 and f"can't listen on port {port}" in done.stderr


def test_database_not_there(tmp_path, cluster):
    done = subprocess.run([program(), "--port", "0"], env=clean_env(tmp_path, DATABASE_URL=cluster.url("nothing_here")), timeout=60,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "nothing_here" in done.stderr


def test_against_an_installed_copy(lite, tmp_path, serve, monkeypatch):
    """The example as a user builds it: pkg-config amend-http, and the commands of its README."""
    build, stage = build_dir(), tmp_path / "stage"
    subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "-C", build, "--destdir", str(stage)], check=True,
                   capture_output=True, cwd=tmp_path)
    [found] = [str(path) for path in stage.rglob("amend-http.pc")]
    library = os.path.dirname(os.path.dirname(found))
    amend = next(str(path) for path in stage.rglob("bin/amend"))
    env = clean_env(tmp_path, PKG_CONFIG_PATH=os.path.dirname(found), PKG_CONFIG_SYSROOT_DIR=stage, LD_LIBRARY_PATH=library)
    sources = [path for path in glob.glob(os.path.join(ROOT, "examples", "http-cards", "*.c")) if "db_postgres" not in path]

    def run(*command):
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    run(amend, "embed", MIGRATIONS["sqlite"], "--symbol", "sqlite_migrations", "-o", "sqlite_migrations.c")
    flags = run("pkg-config", "--cflags", "--libs", "amend-http", "jansson", "sqlite3").split()
    run("cc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-o", "http-cards", *sources, "sqlite_migrations.c", *flags, "-pthread",
        *instrumentation(build))
    monkeypatch.setattr("support.service.program", lambda: str(tmp_path / "http-cards"))
    service = serve(lite, LD_LIBRARY_PATH=library)
    assert service.ask("GET", "/cards").json() == []
    assert lite.versions() == ["001", "002"]
    assert service.stop() == 0
