"""Makes the table and the pictures of what benches/measure.py saw: plots.py DIR, with raw.json in it."""

import json, math, statistics, sys
from html import escape
from pathlib import Path

# What is aimed at: name, better as `most` (times the peer's speed, at least) or `least` (share, at most), and goal.
# Then where the two figures are: a world with its row, or a micro benchmark. The first is divided by the second.
GOALS = [
    ("whole graph, replay --all, cold: scriptworker, one chain of it in process", "least", 1.0,
     ("scriptworker", "replay --all, cold"), ("scriptworker", "scriptworker, that chain, in process")),
    ("the same with the import", "least", 4.0,
     ("scriptworker", "import", "replay --all, cold"), ("scriptworker", "scriptworker, that chain, in process")),
    ("a million verdicts at another moment: 250 ms", "least", 1.0, ("micro", "docket/another_moment"), ("seconds", 0.25)),
    ("the same with a distrusted key: 250 ms", "least", 1.0, ("micro", "docket/a_distrusted_key"), ("seconds", 0.25)),
    ("dependants in 1 M tasks, 3 M edges: petgraph", "most", 5,
     ("micro", "dependants/peer_petgraph"), ("micro", "dependants/dependants_of_one")),
    ("the same: recursive SQL", "most", 30,
     ("micro", "dependants/peer_recursive_sql"), ("micro", "dependants/dependants_of_one")),
    ("ed25519 from the case: the bound of all cores", "most", 0.7,
     ("micro", "parts/signatures/ed25519_bound"), ("micro", "parts/signatures/ed25519_from_the_case")),
    ("RSA-4096, replay --all, cold: gpg, a process each", "most", 8,
     ("openpgp", "gpg --verify, a process each"), ("openpgp", "replay --all, cold")),
    ("one chain, warm: a process of scriptworker", "most", 50,
     ("scriptworker", "scriptworker, that chain, a process"), ("scriptworker", "one chain, warm")),
    ("import of a tar archive: Python, tarfile, hashlib and sqlite3", "most", 10,
     ("archive", "Python, tarfile, hashlib and sqlite3"), ("archive", "import")),
    ("case file after import: tar, zstd -3", "least", 2.0, ("graph", "imported_bytes"), ("graph", "tar_zst_bytes")),
]

# Colours that colour-blind readers can tell apart (Okabe and Ito), each with a shape of its own.
LINES = [
    ("import", "#0072b2", ""), ("replay --all, cold", "#d55e00", ""), ("replay --all, warm", "#009e73", ""),
    ("one chain, cold", "#cc79a7", ""), ("one chain, warm", "#8a6d00", ""),
    ("tar, zstd -3", "#666666", "2 3"), ("find, xargs sha256sum", "#999999", "7 3"),
    ("Python, hashlib and sqlite3", "#333333", "7 3 2 3"),
]
STYLE = """<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #222 }
.title { font-size: 16px; font-weight: 600 } .note { fill: #666; font-size: 12px } .end { text-anchor: end }
.middle { text-anchor: middle } .grid { stroke: #e4e4e4 } .axis { stroke: #888 }
</style>"""


def svg(width, height, parts, title):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", STYLE, f'<rect width="{width}" height="{height}" fill="#fff"/>',
                      *parts, "</svg>", ""])


def text(x, y, words, kind="", fill=""):
    fill = f' style="fill:{fill}"' if fill else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}"{fill}>{escape(words)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def duration(seconds):
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 0.9995:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def median(row):
    return statistics.median(row["seconds"])


def machine_line(raw):
    machine = raw["machine"]
    parts = [f"cotrace {machine['cotrace']}", f"{machine['cores']} cores", machine["processor"] or machine["machine"]]
    return ", ".join([machine["date"], *parts])


def times(raw):
    """Time against tasks, both on a logarithmic scale."""
    worlds = sorted((world for world in raw["worlds"] if world["world"] == "graph"), key=lambda world: world["tasks"])
    if len(worlds) < 2:
        return None
    series = []
    for name, colour, dash in LINES:
        points = [(world["tasks"], row) for world in worlds for row in world["rows"] if row["what"] == name]
        if points:
            series.append((name, colour, dash, points))
    width, height, left, right, top, bottom = 960, 560, 70, 690, 70, 500
    seconds = [second for *_, points in series for _, row in points for second in row["seconds"]]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    first, last = math.log10(worlds[0]["tasks"]), math.log10(worlds[-1]["tasks"])
    x = lambda tasks: left + (math.log10(tasks) - first) / (last - first) * (right - left)
    y = lambda second: bottom - (math.log10(second) - low) / (high - low) * (bottom - top)
    title = "Time by the size of the task graph"
    parts = [text(left, 30, title, "title"), text(left, 50, machine_line(raw) + "; medians, least to greatest", "note")]
    for power in range(low, high + 1):
        parts += [line(left, y(10**power), right, y(10**power), "grid"),
                  text(left - 8, y(10**power) + 4, duration(10.0**power), "end")]
    for world in worlds:
        parts += [line(x(world["tasks"]), top, x(world["tasks"]), bottom, "grid"),
                  text(x(world["tasks"]), bottom + 20, f"{world['tasks']:,}", "middle")]
    parts += [line(left, bottom, right, bottom, "axis"), text((left + right) / 2, bottom + 42, "tasks", "middle")]
    labels = []
    for name, colour, dash, points in series:
        path = " ".join(f"{x(tasks):.1f},{y(median(row)):.1f}" for tasks, row in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        for tasks, row in points:
            span = f'x1="{x(tasks):.1f}" x2="{x(tasks):.1f}" y1="{y(min(row["seconds"])):.1f}" y2="{y(max(row["seconds"])):.1f}"'
            parts += [f'<line {span} stroke="{colour}"/>',
                      f'<circle cx="{x(tasks):.1f}" cy="{y(median(row)):.1f}" r="3.5" fill="{colour}"/>']
        tasks, row = points[-1]
        labels.append([y(median(row)), f"{name}: {duration(median(row))}", colour, x(tasks)])
    # Labels at the ends of the lines, moved apart where they would overlap.
    labels.sort()
    for before, label in zip([None, *labels], labels):
        label.append(label[0] if before is None else max(label[0], before[-1] + 17))
    spare = labels[-1][-1] - bottom
    for at, words, colour, end, place in labels:
        place -= max(0, spare)
        parts += [f'<line x1="{end + 5:.1f}" y1="{at:.1f}" x2="{right + 16}" y2="{place:.1f}" stroke="{colour}" opacity=".5"/>',
                  text(right + 20, place + 4, words, "", colour)]
    return svg(width, height, parts, title)


def figure(raw, place):
    """A figure, and the tasks of its world: of several graphs, the largest that has it."""
    world, *whats = place
    if world == "seconds":
        return whats[0], None
    if world == "micro":
        return raw["micro"].get(whats[0]), None
    for one in sorted(raw["worlds"], key=lambda one: -one["tasks"]):
        if one["world"] == world:
            rows = {row["what"]: median(row) for row in one["rows"]}
            found = [rows.get(what, one.get(what)) for what in whats]
            if None not in found:
                return sum(found), one["tasks"]
    return None, None


def reached(raw):
    """Goals with what was reached, as far as both of their figures were measured in one world."""
    for name, better, goal, over, under in GOALS:
        (top, of), (below, with_it) = figure(raw, over), figure(raw, under)
        if top is not None and below is not None and of == with_it:
            ratio = top / below
            yield f"{name}, {of:,} tasks" if of else name, better, goal, ratio, ratio / goal if better == "most" else goal / ratio


def ratios(raw):
    """What was reached of each goal, on a logarithmic scale; the line is the goal."""
    bars = list(reached(raw))
    if not bars:
        return None
    width, left, right, top, step = 900, 30, 860, 80, 54
    bottom = top + step * len(bars)
    low = min(-1, math.floor(math.log10(min(share for *_, share in bars))))
    high = max(1, math.ceil(math.log10(max(share for *_, share in bars))))
    x = lambda share: left + (math.log10(share) - low) / (high - low) * (right - left)
    title = "Goals and what was reached"
    parts = [text(left, 30, title, "title"), text(left, 50, machine_line(raw) + "; right of the line the goal is met", "note")]
    for power in range(low, high + 1):
        parts.append(text(x(10**power), bottom + 12, "goal" if power == 0 else f"{10.0**power:g} ×", "middle note"))
    for place, (name, better, goal, ratio, share) in enumerate(bars):
        y = top + step * place
        start, end = sorted((x(1), x(share)))
        colour, word = ("#009e73", "met") if share >= 1 else ("#d55e00", "missed")
        bound = "at least" if better == "most" else "at most"
        parts += [line(x(10**power), y + 13, x(10**power), y + 35, "grid") for power in range(low, high + 1)]
        parts += [text(left, y + 8, name),
                  text(right, y + 8, f"{ratio:.3g} ×, goal {bound} {goal:g} ×: {word}", "end", colour),
                  f'<rect x="{start:.1f}" y="{y + 15}" width="{max(end - start, 1):.1f}" height="18" rx="2" fill="{colour}"/>',
                  line(x(1), y + 13, x(1), y + 35, "axis")]
    return svg(width, bottom + 30, parts, title)


def tables(raw):
    yield f"# What was measured\n\nMade by `benches/measure.sh`; the raw figures are in [raw.json](raw.json). {machine_line(raw)}.\n"
    names = {"graph": "A graph of the ed25519 era", "openpgp": "A graph of the OpenPGP era, clear-signed",
             "scriptworker": "A world that scriptworker verifies", "archive": "A tar archive of a graph"}
    for world in raw["worlds"]:
        runs = len(world["rows"][0]["seconds"])
        yield f"\n## {names[world['world']]}: {world['tasks']:,} tasks\n\n{world['files']:,} files, {world['bytes']:,} bytes; {runs} rounds.\n"
        yield "\n| what | median s | least to greatest | peak MiB |\n| --- | --- | --- | --- |\n"
        for row in world["rows"]:
            name = ("peer: " if row["peer"] else "") + row["what"]
            seconds = row["seconds"]
            yield f"| {name} | {median(row):.3f} | {min(seconds):.3f} to {max(seconds):.3f} | {row['peak_kib'] // 1024} |\n"
        if world.get("imported_bytes") and world.get("tar_zst_bytes"):
            ratio = world["imported_bytes"] / world["tar_zst_bytes"]
            yield (f"\nThe case file has {world['imported_bytes']:,} bytes after the import, {ratio:.2f} times what "
                   f"`tar` with `zstd -3` makes of the capture ({world['tar_zst_bytes']:,}).\n")
    if raw["micro"]:
        yield "\n## Micro benchmarks\n\n| what | median |\n| --- | --- |\n"
        for name, seconds in raw["micro"].items():
            yield f"| {name} | {duration(seconds)} |\n"
    if raw.get("tui"):
        yield "\n## The terminal UI, a million tasks\n\n| what | median ms | p99 ms | greatest ms |\n| --- | --- | --- | --- |\n"
        for name, times in raw["tui"].items():
            yield f"| {name} | {' | '.join(f'{time:.1f}' for time in times)} |\n"
    goals = list(reached(raw))
    if goals:
        yield "\n## Goals\n\n| what | reached | goal |\n| --- | --- | --- |\n"
        for name, better, goal, ratio, share in goals:
            bound = "at least" if better == "most" else "at most"
            yield f"| {name} | {ratio:.3g} × | {bound} {goal:g} ×: {'met' if share >= 1 else 'missed'} |\n"


def main():
    folder = Path(sys.argv[1])
    raw = json.loads((folder / "raw.json").read_text())
    (folder / "results.md").write_text("".join(tables(raw)))
    for name, picture in (("time.svg", times(raw)), ("ratios.svg", ratios(raw))):
        if picture is None:
            print(f"{name}: too little was measured for it", file=sys.stderr)
        else:
            (folder / name).write_text(picture)


if __name__ == "__main__":
    main()
