# SPDX-License-Identifier: MIT
"""Waiting for something to become true, in place of sleeping and hoping."""
import time


def wait_until(condition, what, seconds=20.0, every=0.01):
    """Call condition() until it gives something true, and return that; fail with `what` when it never does."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(every)
