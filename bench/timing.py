# SPDX-License-Identifier: MIT
"""Run a row's subjects in turn, several times over, and take medians: what drifts (the disk, the other tenant of the machine)
drifts for all of them."""

import os
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from typing import Callable, Optional


@dataclass
class Command:
    argv: list
    stdin: str = os.devnull
    env: dict = field(default_factory=dict)
    cwd: Optional[str] = None


@dataclass
class Row:
    """`subjects` maps a name to a function of the run's number that prepares (untimed) and returns the Command to time. The first
    one, "floor", is what all the others are divided by; `memory` turns the row's peak memory into a row of its own."""
    key: str
    what: str
    goal: Optional[float]
    subjects: dict
    runs: int = 9
    memory_goal: Optional[float] = None


@dataclass
class Sample:
    ms: list = field(default_factory=list)
    cpu_ms: list = field(default_factory=list)  # not in the table: for a look at a machine that others use, too
    kib: list = field(default_factory=list)
    failed: str = ""

    def time(self):
        return statistics.median(self.ms) if self.ms and not self.failed else None

    def memory(self):
        return statistics.median(self.kib) / 1024 if self.kib and not self.failed else None


class Timer:
    def __init__(self, program, log, budget):
        self.program, self.log, self.budget = program, str(log), budget

    def once(self, command, sample):
        with open(command.stdin, "rb") as stdin:
            out = subprocess.run([self.program, self.log, *map(str, command.argv)], stdin=stdin, stdout=subprocess.PIPE,
                                 env={**os.environ, **command.env}, cwd=command.cwd, check=False)
        fields = out.stdout.split()
        if len(fields) != 4 or fields[3] != b"0":
            with open(self.log, errors="replace") as log:
                sample.failed = f"{command.argv}: {log.read()[-600:]}"
            return
        sample.ms.append(int(fields[0]) / 1e6)
        sample.cpu_ms.append(int(fields[1]) / 1e3)
        sample.kib.append(int(fields[2]))

    def row(self, row: Row, runs: Optional[int]):
        """A Sample for each subject. The first round warms up and does not count; a peer that has used up its share of time sits
        the later rounds out."""
        samples = {name: Sample() for name in row.subjects}
        spent = dict.fromkeys(row.subjects, 0.0)
        for run in range((runs or row.runs) + 1):
            for name, subject in row.subjects.items():
                if samples[name].failed or (run > 2 and name not in ("floor", "amend") and spent[name] > self.budget):
                    continue
                start = time.monotonic()
                self.once(subject(run), samples[name])
                spent[name] += time.monotonic() - start
            if run == 0 and (runs or row.runs) > 0:
                samples = {name: Sample(failed=s.failed) for name, s in samples.items()}
        return samples
