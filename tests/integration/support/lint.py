# SPDX-License-Identifier: MIT
"""The lint rules' registry as the command tells it, and their examples as files."""
import json
import os
import re
import subprocess

from .project import binary


def rules():
    """Every rule of the registry: code, rule, dialect, severity, bad, good …"""
    out = subprocess.run([binary(), "explain", "--json"], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)["rules"]


def scripts(example):
    """[(mark, text)] of an example: "up" unless a line "@before", "@up" or "@down" says otherwise."""
    parts = re.split(r"^@(before|up|down)\n", example, flags=re.MULTILINE)
    return ([("up", parts[0])] if parts[0].strip() else []) + list(zip(parts[1::2], parts[2::2]))


def write(directory, example):
    """The example as migrations; the one that is meant is the last."""
    os.makedirs(directory)
    number = 1
    for mark, text in scripts(example):
        number += mark == "before"
        name = {"before": f"{number - 1:03}_before.sql", "up": f"{number:03}_this.sql", "down": f"{number:03}_this.down.sql"}[mark]
        with open(f"{directory}/{name}", "w") as file:
            file.write(text)
