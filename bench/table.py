# SPDX-License-Identifier: MIT
"""One table from all samples: what, floor, amend, ratio, goal, and the peers' ratios over the same floor."""


def render(results, markdown):
    peers = list(dict.fromkeys(n for _, samples in results for n in samples if n not in ("floor", "amend")))
    lines = [["what", "floor", "amend", "ratio", "goal", *peers]]
    for row, samples in results:
        lines.append(line(row.what, "ms", row.goal, {n: s.time() for n, s in samples.items()}, peers))
        if row.memory_goal:
            lines.append(line(f"its peak memory, {row.key}", "MiB", row.memory_goal, {n: s.memory() for n, s in samples.items()}, peers))
    if markdown:
        lines.insert(1, ["---"] + ["---:"] * (len(lines[0]) - 1))
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    widths = [max(len(cells[i]) for cells in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))) for cells in lines)


def line(what, unit, goal, values, peers):
    floor = values["floor"]
    ratio = f"{values['amend'] / floor:.2f}" if values.get("amend") and floor else "-"
    cells = [what, number(floor, unit), number(values.get("amend"), unit), ratio, f"≤ {goal:g}" if goal else ""]
    return cells + [times(values.get(p), floor) for p in peers]


def number(value, unit):
    return "-" if value is None else f"{value:.{1 if value >= 10 else 2}f} {unit}"


def times(value, floor):
    if value is None or not floor:
        return "-"
    ratio = value / floor
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.2g}×"
