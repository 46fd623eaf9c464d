# SPDX-License-Identifier: MIT
"""The registry of diagnostics, read from its source."""
import os
import re

from .project import ROOT


def diagnostics():
    """[(number, name, status)]"""
    with open(os.path.join(ROOT, "registry", "amend", "diagnostics.def")) as file:
        found = re.findall(r"^AMEND_DIAGNOSTIC\((\d+), (\w+), (\w+)", file.read(), re.M)
    return [(int(number), name, status) for number, name, status in found]
