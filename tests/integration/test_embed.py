# SPDX-License-Identifier: MIT
"""The example program with its migrations compiled in: as built here, and against an installed copy through pkg-config."""
import json
import os
import shutil
import subprocess

import pytest
from support.project import ROOT, binary, clean_env

CARDS = os.path.join(ROOT, "examples", "cards", "migrations")


def build_dir():
    found = os.path.dirname(os.path.dirname(binary()))
    if not os.path.exists(os.path.join(found, "build.ninja")):
        pytest.skip("the binary is not in a build directory")
    return found


def run(command, home, check=0, **env):
    done = subprocess.run(command, cwd=home, env=clean_env(home, **env), capture_output=True, text=True, timeout=120)
    if check is not None:
        assert done.returncode == check, f"$ {' '.join(command)}\n{done.stdout}{done.stderr}[exit {done.returncode}]"
    return done


def check_program(program, home, lite, **env):
    url = f"sqlite:{lite.path}"
    first = run([program, url], home, **env)
    told = first.stdout.splitlines()
    assert [line for line in told if line.startswith("migration.applied")] == ["migration.applied 001", "migration.applied 002"]
    assert lite.versions() == ["001", "002"]
    again = run([program, url], home, **env)
    assert "migration.applied" not in again.stdout
    nowhere = run([program, "sqlite:/no/such/place/cards.db"], home, check=None, **env)
    assert nowhere.returncode != 0 and "/no/such/place" in nowhere.stderr


def test_as_built_here(lite, tmp_path):
    program = os.path.join(build_dir(), "examples", "embed", "embed")
    assert os.path.exists(program), "examples/embed was not built"
    check_program(program, tmp_path, lite)


def test_the_directory_says_the_same(lite_project, lite, tmp_path):
    """What a program applied is, for the command with the directory, applied and unchanged."""
    run([os.path.join(build_dir(), "examples", "embed", "embed"), f"sqlite:{lite.path}"], tmp_path)
    shutil.rmtree(lite_project.dir)
    shutil.copytree(CARDS, lite_project.dir)
    lite_project.amend("verify")
    assert lite_project.amend("status", "--exit-code").code == 0
    lite_project.amend("down", "--steps", "2")
    assert lite.versions() == []


def instrumentation(build):
    """What a build for coverage or with sanitizers needs at the link of an archive's user too."""
    options = json.loads(subprocess.run(["meson", "introspect", "--buildoptions", build], capture_output=True, check=True).stdout)
    value = {option["name"]: option["value"] for option in options}
    flags = [] if value["b_sanitize"] == "none" else [f"-fsanitize={value['b_sanitize']}"]
    return flags + ["--coverage"] * value["b_coverage"]


@pytest.mark.parametrize("static", [False, True], ids=["shared", "static"])
def test_against_an_installed_copy(lite, tmp_path, static):
    for tool in ("cc", "meson", "pkg-config"):
        if not shutil.which(tool):
            pytest.skip(f"no {tool}")
    build, stage = build_dir(), tmp_path / "stage"
    run(["meson", "install", "--no-rebuild", "--quiet", "-C", build, "--destdir", str(stage)], tmp_path)
    installed = subprocess.run(["find", str(stage), "-name", "amend.pc"], capture_output=True, text=True, check=True).stdout.split()
    assert len(installed) == 1
    config = {"PKG_CONFIG_PATH": os.path.dirname(installed[0]), "PKG_CONFIG_SYSROOT_DIR": stage}
    amend = next(str(path) for path in stage.rglob("bin/amend"))
    library = os.path.dirname(os.path.dirname(installed[0]))

    version = run(["pkg-config", "--modversion", "amend"], tmp_path, **config).stdout.strip()
    assert version in run([amend, "--version"], tmp_path, LD_LIBRARY_PATH=library).stdout

    run([amend, "embed", CARDS, "-o", "migrations.c"], tmp_path, LD_LIBRARY_PATH=library)
    flags = run(["pkg-config", "--cflags", "--libs"] + ["--static"] * static + ["amend"], tmp_path, **config).stdout.split()
    if static:  # the archive itself; -lamend would find the shared object beside it
        flags = [os.path.join(library, "libamend.a") if flag == "-lamend" else flag for flag in flags]
    run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-o", "embed", os.path.join(ROOT, "examples", "embed", "main.c"),
         "migrations.c"] + flags + instrumentation(build), tmp_path)
    check_program(str(tmp_path / "embed"), tmp_path, lite, LD_LIBRARY_PATH=None if static else library)
