# SPDX-License-Identifier: MIT
"""The test run: build in several ways, run every suite in each, measure coverage, run the checks, count.

A *job* is one program to run; a *part* is a group of jobs that is reported as one line. All jobs of all parts share a queue that
keeps every core busy, the long ones first. A job's output is shown only when it fails. What can't be run (a build that fails, a
suite without a test, a tool that isn't there) counts as a failure: green means that everything ran.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

LINES_WANTED = 95.0  # percent of the lines of src/ and cli/ that the tests must run
ROOT = pathlib.Path(__file__).resolve().parent.parent
SECONDS = ROOT / "build-test" / "suite-seconds.json"
CORES = os.cpu_count() or 2
SUITES = ("unit", "conformance", "fault", "fuzz")  # Meson's
# What runs under the thread sanitizer: unit tests by the beginning of their names, integration tests by their files.
THREADED = ("heal/", "http/", "api/test_heal", "api/test_test")
THREADED_FILES = ("test_heal_sqlite.py", "test_heal_postgres_server.py", "test_http.py", "test_test.py")
PARTS = (*SUITES, "integration", "sanitizers", "builds", "checks", "coverage")
TOOLS = ("ninja", "pkg-config", "gcovr", "clang-format-14", "sqlite3", "pgbouncer", "mandoc", "bash", "zsh", "fish", "git", "c++")

BUILDS = {
    # Unoptimised, so that a line is a line; counted atomically, since threads that count at once make counts that no tool reads.
    "build-test": ["-Db_coverage=true", "-Doptimization=0", "-Dc_args=-fprofile-update=atomic"],
    "build-asan": ["-Db_sanitize=address,undefined", "-Dc_args=-fno-sanitize-recover=all", "-Doptimization=1"],
    # For what has threads; see THREADED.
    "build-tsan": ["-Db_sanitize=thread", "-Doptimization=1"],
    # One translation unit per layer: static names that clash show here.
    "build-unity": ["--unity=on", "--unity-size=1000", "-Dtests=disabled"],
    # A build with SQLite alone.
    "build-lite": ["-Dpostgres=disabled", "-Dtests=disabled", "-Dbuildtype=minsize"],
}


class Job:
    """One program. `count` turns its exit status and output into (passed, failed, skipped)."""

    def __init__(self, name, command, count, timeout, env=None, cwd=ROOT, weight=0):
        self.name, self.command, self.count, self.timeout = name, [str(word) for word in command], count, timeout
        self.env, self.cwd, self.weight = env or {}, cwd, weight
        self.result, self.output, self.seconds, self.process = (0, 1, 0), "", 0.0, None

    def run(self):
        started = time.monotonic()
        try:
            self.run_process()
        finally:
            self.process, self.seconds = None, time.monotonic() - started

    def run_process(self):
        try:
            process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       env={**os.environ, **self.env}, cwd=self.cwd, start_new_session=True)
        except OSError as error:
            self.output = str(error)
            return
        self.process = process
        try:
            output, _ = process.communicate(timeout=self.timeout)
            self.output = output.decode(errors="replace")
            self.result = self.count(process.returncode, self.output)
        except subprocess.TimeoutExpired:
            self.kill()
            output, _ = process.communicate()
            self.output = f"{output.decode(errors='replace')}\nstill running after {self.timeout} s: killed"

    def kill(self):
        process = self.process
        if process and process.poll() is None:
            # The group is the session that was started above, and nobody else's.
            os.killpg(process.pid, signal.SIGKILL)


class Part:
    def __init__(self, name, jobs):
        self.name, self.jobs, self.left = name, jobs, len(jobs)


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def line(self, name, passed, failed, skipped, note=""):
        self.passed += passed
        self.failed += failed
        counts = f"{passed:5} passed" + (f", {failed} FAILED" if failed else "") + (f", {skipped} skipped" if skipped else "")
        print(f"{name:<24}{counts}{'  ' + note if note else ''}", flush=True)

    def part(self, part):
        results = [job.result for job in part.jobs]
        passed, failed, skipped = (sum(column) for column in zip(*results)) if results else (0, 0, 0)
        note = f"{sum(job.seconds for job in part.jobs):.1f} s"
        if not passed and not failed:
            failed, note = 1, "no test ran"
        for job in part.jobs:
            if job.result[1]:
                print(f"\n--- {part.name}: {job.name}\n{job.output.strip()}\n--- end of {job.name}\n", flush=True)
        self.line(part.name, passed, failed, skipped, note)


# ------------------------------------------------------------------------------------------------ counting


def count_exit(code, _output):
    return (1, 0, 0) if code == 0 else (0, 1, 0)


def count_tap(code, output):
    """cmocka's own cases, from its TAP output; a program without any is one case."""
    planned = sum(int(n) for n in re.findall(r"^1\.\.(\d+)$", output, re.MULTILINE))
    bad = len(re.findall(r"^not ok\b", output, re.MULTILINE))
    skipped = len(re.findall(r"^ok\b.*# SKIP", output, re.MULTILINE))
    good = len(re.findall(r"^ok\b", output, re.MULTILINE)) - skipped
    if not planned and not good and not bad:
        return count_exit(code, output)
    bad += max(0, planned - good - bad - skipped)  # a crash: those that never came
    if code != 0 and not bad:
        bad = 1
    return good, bad, skipped


def count_junit(path):
    def count(code, output):
        if not path.is_file():
            return 0, 1, 0
        suites = xml.etree.ElementTree.parse(path).getroot().iter("testsuite")
        total, bad, skipped = 0, 0, 0
        for suite in suites:
            total += int(suite.get("tests"))
            bad += int(suite.get("failures")) + int(suite.get("errors"))
            skipped += int(suite.get("skipped"))
        if code != 0 and not bad:
            bad, total = 1, total + 1
        return max(0, total - bad - skipped), bad, skipped

    return count


# ------------------------------------------------------------------------------------------------ building


def build(name, targets=()):
    """Set up (again, when the options here have changed) and compile; the output when it fails, else None."""
    folder, options = ROOT / name, BUILDS[name]
    stamp = folder / "suite-options"
    if not stamp.is_file() or stamp.read_text() != json.dumps(options):
        shutil.rmtree(folder, ignore_errors=True)
        setup = run(["meson", "setup", folder, *options])
        if setup.returncode != 0:
            return setup.stdout
        stamp.write_text(json.dumps(options))
    made = run(["ninja", "-C", folder, "all", *targets])
    return made.stdout if made.returncode != 0 else None


def run(command):
    return subprocess.run([str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")


def meson_tests(folder):
    """Meson's list of tests: name, suite, cmd, env, workdir, timeout."""
    listed = run(["meson", "introspect", "--tests", folder])
    return json.loads(listed.stdout) if listed.returncode == 0 else []


def is_threaded(test):
    return test["name"].startswith(THREADED)


def build_tests(folder):
    """The tests' programs are not part of `all`."""
    tests = [test for test in meson_tests(ROOT / folder) if folder != "build-tsan" or is_threaded(test)]
    programs = [pathlib.Path(test["cmd"][0]) for test in tests]
    inside = [os.path.relpath(program, ROOT / folder) for program in programs if (ROOT / folder) in program.parents]
    return build(folder, sorted(set(inside)))


# ------------------------------------------------------------------------------------------------ parts


def sanitizer_env(folder):
    """Reports go to files, so that none is lost in a process whose output a test swallows; 99 is no exit status of amend's."""
    logs = folder / "sanitizer-logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    logs.chmod(0o777)
    common = f"exitcode=99:log_path={logs}/report"
    return {"AMEND_TEST_KILLS": "12", "ASAN_OPTIONS": f"{common}:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
            "UBSAN_OPTIONS": f"{common}:print_stacktrace=1", "TSAN_OPTIONS": f"{common}:second_deadlock_stack=1"}


def suite_part(folder, suite, label, env, slower, chosen=lambda test: True):
    jobs = []
    for test in filter(chosen, meson_tests(folder)):
        if any(name.split(":")[-1] == suite for name in test["suite"]):
            job_env = {**test["env"], **env, "CMOCKA_MESSAGE_OUTPUT": "TAP"}
            jobs.append(Job(test["name"], test["cmd"], count_tap, test["timeout"] * slower, job_env, test["workdir"] or folder,
                            weight=20 * slower if suite == "fault" else 1))
    return Part(f"{suite}{label}", jobs)


def integration_part(folder, label, env, slower, scratch, files=("test_*.py",)):
    """One job per file: they share the cores, and a log is short. Each starts a server of its own when it needs one."""
    env, jobs = {**env, "AMEND_BIN": str(folder / "cli" / "amend"), "AMEND_BUILD": str(folder)}, []
    paths = [path for pattern in files for path in (ROOT / "tests" / "integration").glob(pattern)]
    for path in sorted(paths):
        name = f"{folder.name}-{path.stem}"
        junit = scratch / f"{name}.xml"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--tb=short", "-rs",
                   f"--timeout={180 * slower}", f"--junitxml={junit}", f"--basetemp={scratch / name}", path.relative_to(ROOT)]
        jobs.append(Job(path.name, command, count_junit(junit), 400 * slower, env, weight=30 * slower))
    return Part(f"integration{label}", jobs)


def checks_part(folder):
    jobs = [Job("tools", ["sh", "-c", f"for t in {' '.join(TOOLS)}; do command -v $t >/dev/null || {{ echo $t is missing; false; }} "
                          "|| exit 1; done"], count_exit, 10)]
    for path in sorted((ROOT / "scripts").glob("check-*")):
        jobs.append(Job(path.name, [path, folder.name], count_exit, 300))
    jobs.append(Job("gen-diagnostics --check", [ROOT / "scripts" / "gen-diagnostics", "--check"], count_exit, 60))
    if (ROOT / "tests" / "scripts").is_dir():
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--tb=short", "tests/scripts"]
        jobs.append(Job("the checks' own tests", command, count_exit, 120))
    return Part("checks", jobs)


def last_seconds():
    """How long each job took the last time, by part and name: the longest begin first. Only a guess is lost without it."""
    try:
        return json.loads(SECONDS.read_text())
    except (OSError, ValueError):
        return {}


def run_parts(parts, report):
    """All jobs in one queue; each part is reported when its last job is done. Ctrl-C stops what was started here."""
    seconds = last_seconds()
    queue = [(job, part) for part in parts for job in part.jobs]
    queue.sort(key=lambda pair: -seconds.get(f"{pair[1].name}: {pair[0].name}", pair[0].weight))
    for part in parts:
        if not part.jobs:
            report.part(part)
    with concurrent.futures.ThreadPoolExecutor(CORES + 1) as pool:  # some always wait: for a lease, a server, a disk
        running = {pool.submit(job.run): part for job, part in queue}
        try:
            for future in concurrent.futures.as_completed(running):
                future.result()
                part = running[future]
                part.left -= 1
                if part.left == 0:
                    report.part(part)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for job, _ in queue:
                job.kill()
            raise
    seconds.update((f"{part.name}: {job.name}", round(job.seconds, 1)) for job, part in queue)
    if SECONDS.parent.is_dir():
        SECONDS.write_text(json.dumps(seconds, indent=0))


def sanitizer_reports(folder, report):
    found = sorted((folder / "sanitizer-logs").glob("report*"))
    for path in found[:5]:
        print(f"\n--- {path.name}\n{path.read_text(errors='replace')[:6000]}", flush=True)
    report.line(f"reports of {folder.name}", 0 if found else 1, len(found), 0)


def coverage(folder, report):
    # Under timeout(1): a worker of gcovr that stumbles over a file leaves the others waiting for ever.
    made = subprocess.run(["timeout", "300", "gcovr", "--root", ROOT, "--object-directory", folder, "-j", str(CORES), "--filter",
                           "src/", "--filter", "cli/", "--json-summary", "-", folder / "src", folder / "cli"], cwd=ROOT,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if made.returncode != 0:
        print(made.stdout + made.stderr)
        return report.line("coverage", 0, 1, 0)
    summary = json.loads(made.stdout)
    files = sorted(summary["files"], key=lambda row: row["line_covered"] - row["line_total"])
    print("\nlines     branches  file (the ten with the most lines that no test runs)")
    for row in files[:10]:
        print(f"{row['line_percent']:5.1f} %   {row['branch_percent'] or 0:5.1f} %   {row['filename']}")
    lines, branches = summary["line_percent"], summary["branch_percent"]
    print(f"{lines:5.1f} %   {branches:5.1f} %   all: {summary['line_covered']} of {summary['line_total']} lines, "
          f"{summary['branch_covered']} of {summary['branch_total']} branches\n")
    enough = lines >= LINES_WANTED
    report.line("coverage", int(enough), int(not enough), 0, f"{lines} % of lines, {LINES_WANTED} % wanted")


def untracked():
    listed = run(["git", "status", "--porcelain", "--untracked-files=all"])
    return {line for line in listed.stdout.splitlines() if line.startswith("??")} if listed.returncode == 0 else set()


def build_all(wanted, report):
    """Build what the wanted parts need; returns the folders that are usable."""
    plain = any(part in wanted for part in (*SUITES, "integration", "checks", "coverage"))
    needed = (["build-test"] if plain else []) + (["build-asan", "build-tsan"] if "sanitizers" in wanted else [])
    needed += ["build-unity", "build-lite"] if "builds" in wanted else []
    usable = {}
    for name in needed:
        started = time.monotonic()
        # First Meson must know the tests, then their programs are named to ninja.
        output = build(name) or (build_tests(name) if name in ("build-test", "build-asan", "build-tsan") else None)
        if output:
            print(f"\n--- {name}\n{output.strip()}\n", flush=True)
        else:
            usable[name] = ROOT / name
        report.line(name, int(not output), int(bool(output)), 0, f"{time.monotonic() - started:.1f} s")
    return usable


def make_parts(wanted, usable, scratch):
    parts = []
    for name, label, slower in (("build-test", "", 1), ("build-asan", " (sanitizers)", 3)):
        if name not in usable:
            continue
        folder = usable[name]
        env = sanitizer_env(folder) if label else {}
        chosen = (*SUITES, "integration") if label else [part for part in wanted if part in (*SUITES, "integration")]
        parts += [suite_part(folder, suite, label, env, slower) for suite in SUITES if suite in chosen]
        if "integration" in chosen:
            parts.append(integration_part(folder, label, env, slower, scratch))
    if "build-tsan" in usable:
        folder, label = usable["build-tsan"], " (threads)"
        env = {**sanitizer_env(folder), "AMEND_TEST_CONNECTIONS": "500"}
        parts += [suite_part(folder, "unit", label, env, 5, is_threaded), integration_part(folder, label, env, 5, scratch, THREADED_FILES)]
    if "checks" in wanted:
        parts.append(checks_part(ROOT / "build-test"))
    return parts


def main():
    parser = argparse.ArgumentParser(prog="scripts/test", description="Run all tests, or some parts of them.")
    parser.add_argument("part", nargs="*", help=f"of: {' '.join(PARTS)}; all of them when none is named")
    wanted = parser.parse_args().part or PARTS
    unknown = [part for part in wanted if part not in PARTS]
    if unknown:
        parser.error(f"no such part: {' '.join(unknown)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # started in the background it is ignored, and so by what is tested
    started, report, before = time.monotonic(), Report(), untracked()
    usable = build_all(wanted, report)
    if "build-test" in usable:
        # Counts of an earlier run would be added to.
        for path in usable["build-test"].rglob("*.gcda"):
            path.unlink()
        # docgen runs in the build: once more, for its own coverage.
        if (usable["build-test"] / "cli" / "docgen").exists():
            (usable["build-test"] / "cli" / "docgen").touch()
            build("build-test")
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="amend-test-"))
    try:
        run_parts(make_parts(wanted, usable, scratch), report)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for name in ("build-asan", "build-tsan"):
        if name in usable:
            sanitizer_reports(usable[name], report)
    if "coverage" in wanted and "build-test" in usable:
        coverage(usable["build-test"], report)
    left = untracked() - before
    for line in sorted(left):
        print(f"left behind: {line[3:]}")
    report.line("clean tree", int(not left), int(bool(left)), 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"took {time.monotonic() - started:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processor time on {CORES} cores")
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("stopped")
