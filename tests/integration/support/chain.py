# SPDX-License-Identifier: MIT
"""The audit trail read without amend: its chain of hashes recomputed, and the history rebuilt from it."""
import hashlib
import json

COLUMNS = ("id", "at", "type", "version", "checksum", "actor", "host", "application", "detail", "prev_hash", "hash")
HASHED = COLUMNS[:9]


def event_hash(event):
    """sha256 hex over prev_hash and the event's fields, joined with the unit separator, NULL as nothing."""
    parts = [event["prev_hash"] or ""] + [event[name] or "" for name in HASHED]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def broken_links(events):
    """The ids of the events whose hash or link is wrong; empty for a sound chain. Also checks that one line holds them all."""
    by_prev = {}
    for event in events:
        by_prev.setdefault(event["prev_hash"] or "", []).append(event)
    bad, link, seen = [], "", 0
    while link in by_prev:
        candidates = by_prev[link]
        if len(candidates) != 1:
            return [event["id"] for event in candidates]
        event = candidates[0]
        if event_hash(event) != event["hash"]:
            bad.append(event["id"])
        link, seen = event["hash"], seen + 1
        if seen > len(events):
            break
    if seen != len(events):
        bad.append(f"{len(events) - seen} events are not reached from the first one")
    return bad


def replay(events):
    """version → checksum, as the history must be after these events."""
    history = {}
    for event in events:
        kind, version = event["type"], event["version"]
        if kind in ("migration.applied", "migration.baselined"):
            assert version not in history, f"{version} applied twice in the audit trail"
            history[version] = event["checksum"]
        elif kind == "migration.rolled_back":
            assert history.pop(version, None), f"{version} rolled back though it was not applied"
        elif kind == "migration.repaired":
            assert version in history, f"{version} repaired though it was not applied"
            history[version] = event["checksum"]
    return history


def detail_of(event):
    return json.loads(event["detail"]) if event["detail"] else {}


def forged(last, **changes):
    """An event that follows `last` with a right hash: what another amend could have written."""
    event = {**last, **changes, "prev_hash": last["hash"]}
    event["hash"] = event_hash(event)
    return event
