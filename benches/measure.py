"""Measures cotrace beside its peers on generated graphs, and writes what it saw to raw.json, tables and pictures.

All of a world runs in turn, round after round, so that a disturbance of the machine hits everything alike. The page cache
is warm. A peer that is not installed is skipped, and said so.

The real scriptworker is a peer where COTRACE_ORACLE names a folder with programs that make a world for it (gen.py) and run
it offline (oracle.py), and COTRACE_ORACLE_PYTHON a Python that has it.
"""

import argparse, json, os, platform, re, shutil, subprocess, sys, tempfile, time
from datetime import date
from pathlib import Path

# A replay's verdicts are no failures.
VERDICTS = {0, 10, 11}


def say(text):
    print(text, file=sys.stderr, flush=True)


def timed(command, fine=frozenset({0})):
    """Wall time in seconds and peak memory in KiB, of a command with all that it starts."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in fine:
        sys.exit(f"{command} exits with {process.returncode}: {told.decode(errors='replace')[-2000:]}")
    return wall, usage.ru_maxrss


class Measured:
    """What was seen, by world and what was done there."""

    def __init__(self, runs):
        self.runs, self.worlds = runs, []

    def rounds(self, tasks):
        """The largest graphs take minutes a round: three of them."""
        return min(self.runs, 3) if tasks >= 50_000 else self.runs

    def world(self, name, tasks, folder, jobs, **more):
        """Runs jobs in turn: name, whether it is a peer, preparation, command or function that gives time and memory."""
        files = [path for path in folder.rglob("*") if path.is_file()]
        world = {"world": name, "tasks": tasks, "files": len(files), "bytes": sum(path.stat().st_size for path in files)}
        seen = {job[0]: {"what": job[0], "peer": job[1], "seconds": [], "peak_kib": 0} for job in jobs}
        for turn in range(self.rounds(tasks)):
            for what, _, prepare, job in jobs:
                prepare()
                wall, peak = job() if callable(job) else timed(job, VERDICTS)
                seen[what]["seconds"].append(round(wall, 4))
                seen[what]["peak_kib"] = max(seen[what]["peak_kib"], peak)
            say(f"{name}, {tasks} tasks: {turn + 1} of {self.rounds(tasks)}")
        world["rows"] = list(seen.values())
        self.worlds.append(world | {key: value() for key, value in more.items()})


def nothing():
    pass


def has(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    for program in missing:
        say(f"skipped: {program} is not installed")
    return not missing


def cotrace_jobs(cotrace, work, capture, target):
    """What users do, in an order in which each finds what it needs."""
    case, imported = work / "case.sqlite", work / "imported.sqlite"
    on_case = [cotrace, "--case", case]

    def fresh():
        shutil.copyfile(imported, case)

    def take_import():
        case.unlink(missing_ok=True)

    def after_import():
        shutil.copyfile(case, imported)

    return [
        ("import", False, take_import, on_case + ["import", capture, "--accept-keys", "--operator", "bench"]),
        ("replay --all, cold", False, after_import, on_case + ["replay", "--all", "--format", "json"]),
        ("replay --all, warm", False, nothing, on_case + ["replay", "--all", "--format", "json"]),
        ("one chain, warm", False, nothing, on_case + ["replay", target]),
        ("one chain, cold", False, fresh, on_case + ["replay", target]),
    ]


def peers(work, capture):
    found = []
    if has("tar", "zstd"):
        archive = f"tar -C '{capture.parent}' -c '{capture.name}' | zstd -q -3 -f -o '{work}/peer.zst'"
        found.append(("tar, zstd -3", True, nothing, ["sh", "-c", archive]))
    if has("find", "xargs", "sha256sum"):
        hashing = f"find '{capture}' -type f -print0 | xargs -0 -P {os.cpu_count()} -n 500 sha256sum"
        found.append(("find, xargs sha256sum", True, nothing, ["sh", "-c", hashing]))
    database = work / "peer.sqlite"
    loader = [sys.executable, "benches/peer_loader.py", capture, database]
    found.append(("Python, hashlib and sqlite3", True, lambda: database.unlink(missing_ok=True), loader))
    return found


def generated(generator, work, *options):
    """A capture, and its targets by task type."""
    capture = work / "capture"
    listed = subprocess.run([generator, "scale", *options, capture], check=True, capture_output=True, text=True).stdout
    targets = dict(line.split()[1::-1] for line in reversed(listed.splitlines()[1:]))
    return capture, targets


def size(path):
    return lambda: path.stat().st_size if path.exists() else None


def graph(measured, binaries, tasks):
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        capture, targets = generated(binaries / "cotrace-generator", work, "--tasks", str(tasks), "--seed", "1")
        jobs = cotrace_jobs(binaries / "cotrace", work, capture, targets["beetmover"]) + peers(work, capture)
        sizes = {"imported_bytes": size(work / "imported.sqlite"), "tar_zst_bytes": size(work / "peer.zst")}
        measured.world("graph", tasks, capture, jobs, **sizes)


def archive(measured, binaries, tasks):
    """An import from an uncompressed archive, durable, beside a plain loader that reads it in one pass."""
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        capture, _ = generated(binaries / "cotrace-generator", work, "--tasks", str(tasks), "--seed", "1")
        if not has("tar"):
            return
        packed, case, database = work / "capture.tar", work / "case.sqlite", work / "peer.sqlite"
        subprocess.run(["tar", "-C", work, "--sort=name", "-cf", packed, "capture"], check=True)
        shutil.rmtree(capture)
        command = [binaries / "cotrace", "--case", case, "import", packed, "--accept-keys", "--operator", "bench"]
        loader = [sys.executable, "benches/peer_loader.py", packed, database]
        jobs = [
            ("import", False, lambda: case.unlink(missing_ok=True), command),
            ("Python, tarfile, hashlib and sqlite3", True, lambda: database.unlink(missing_ok=True), loader),
        ]
        measured.world("archive", tasks, packed.parent, jobs)


def openpgp(measured, binaries, tasks):
    """Clear-signed attestations: five of six by RSA keys with 4096 bits, the others by one with 2048."""
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        say(f"making {tasks} RSA signatures")
        capture, targets = generated(binaries / "cotrace-generator", work, "--tasks", str(tasks), "--era", "openpgp")
        jobs = cotrace_jobs(binaries / "cotrace", work, capture, targets["beetmover"])
        if has("gpg"):
            home = work / "gnupg"
            home.mkdir(0o700)
            gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--no-autostart", "--no-auto-check-trustdb"]
            gpg += ["--trust-model", "always"]
            keys = sorted((capture / "keys/openpgp").rglob("*.asc"))
            subprocess.run(gpg + ["--import", *keys], check=True, stderr=subprocess.DEVNULL)
            files = sorted(capture.glob("tasks/*/artifacts/0/public/chainOfTrust.json.asc"))

            def one_by_one():
                each = [timed(gpg + ["--verify", file]) for file in files]
                return sum(wall for wall, _ in each), max(peak for _, peak in each)

            jobs.append(("gpg --verify, a process each", True, nothing, one_by_one))
            jobs.append(("gpg --verify-files, one process", True, nothing, gpg + ["--verify-files", *files]))
        measured.world("openpgp", tasks, capture, jobs)


IN_PROCESS = """
import resource, sys
sys.path.insert(0, sys.argv[1])
import oracle
store = oracle.Store(sys.argv[2])
for _ in range(int(sys.argv[4])):
    told = oracle.run_oracle(sys.argv[2], sys.argv[3], "signing", store=store)
    assert told["ok"], told
    print(told["wall_s"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def scriptworker(measured, binaries, tasks):
    """A world of the oracle's own making, with a chain of 22 links; scriptworker verifies that one."""
    oracle, python = os.environ.get("COTRACE_ORACLE"), os.environ.get("COTRACE_ORACLE_PYTHON")
    if not oracle or not python:
        say("skipped: scriptworker (COTRACE_ORACLE and COTRACE_ORACLE_PYTHON say where it is)")
        return
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        world = work / "world"
        options = f"--tasks {tasks} --artifact-size 1024 --depth 19 --width 100 --groups main,images".split()
        subprocess.run([python, f"{oracle}/gen.py", world, *options], check=True, stdout=subprocess.DEVNULL)
        targets = json.loads((world / "targets.json").read_text())
        deep = next(target["task_id"] for target in targets if target["label"] == "main/deep")
        jobs = cotrace_jobs(binaries / "cotrace", work, world, deep)
        alone = [python, f"{oracle}/oracle.py", world, deep, "--task-type", "signing"]
        jobs.append(("scriptworker, that chain, a process", True, nothing, alone))
        inside = [python, "-c", IN_PROCESS, oracle, world, deep]

        def in_process():
            # The first verification of a process also imports what is imported late.
            told = subprocess.run([*inside, "2"], check=True, capture_output=True, text=True).stdout.splitlines()
            wall, peak = told[-1].split()
            return float(wall), int(peak)

        jobs.append(("scriptworker, that chain, in process", True, nothing, in_process))
        measured.world("scriptworker", tasks, world, jobs)


UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1}


def micro():
    """The medians of the micro benchmarks, in seconds, by their names."""
    told = subprocess.run(["cargo", "bench", "--bench", "dependants", "--bench", "docket", "--bench", "parts"], stdout=subprocess.PIPE, text=True)
    if told.returncode != 0:
        sys.exit("the micro benchmarks failed")
    medians, path = {}, []
    for line in told.stdout.splitlines():
        named = re.match(r"(?P<indent>[│├╰ ]*[─ ]*)(?P<name>\w+)", line)
        if named is None:
            continue
        depth = len(named["indent"]) // 3
        path = path[:depth] + [named["name"]]
        columns = line.split("│")
        # Fastest, slowest, median, mean, samples, iterations.
        median = re.search(r"([\d.]+) (ns|µs|ms|s)\s*$", columns[-4]) if len(columns) >= 6 else None
        if median:
            number, unit = median.groups()
            medians["/".join(path)] = float(number) * UNITS[unit]
    return medians, told.stdout


def tui():
    """What the bench of the terminal UI told: milliseconds (median, 99th percentile, greatest) by what, and its lines."""
    told = subprocess.run(["cargo", "bench", "--bench", "tui"], stdout=subprocess.PIPE, text=True)
    if told.returncode != 0:
        sys.exit("the bench of the terminal UI failed")
    line = re.compile(r"(?P<what>.+) (?P<times>\d+) median (?P<median>[\d.]+) p99 (?P<p99>[\d.]+) max (?P<max>[\d.]+) ms")
    seen = [found.groupdict() for found in map(line.fullmatch, told.stdout.splitlines()) if found]
    numbers = ("median", "p99", "max")
    return {row["what"]: [float(row[name]) for name in numbers] for row in seen}, told.stdout


def machine(cotrace):
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) if Path("/proc/cpuinfo").exists() else None
    version = subprocess.run([cotrace, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]
    return {"date": date.today().isoformat(), "cotrace": version, "cores": os.cpu_count(),
            "machine": platform.machine(), "system": platform.system(), "processor": model[1] if model else None}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", type=Path, default=Path("target/release"), help="where cotrace and its generator are")
    parser.add_argument("--sizes", default="50,500,5000", help="tasks of each graph (50,500,5000)")
    parser.add_argument("--large", action="store_true", help="a graph of 50,000 tasks too: some 3 GB of files")
    parser.add_argument("--openpgp", type=int, default=1250, metavar="TASKS", help="clear-signed tasks (1250); 0 for none")
    parser.add_argument("--archive", type=int, default=30000, metavar="TASKS", help="tasks of a tar archive (30000); 0 for none")
    parser.add_argument("--oracle-tasks", type=int, default=5000, metavar="TASKS", help="tasks of scriptworker's world")
    parser.add_argument("--runs", type=int, default=5, help="rounds (5)")
    parser.add_argument("--micro", action="store_true", help="the micro benchmarks too: builds them, and takes minutes")
    parser.add_argument("--tui", action="store_true", help="the terminal UI on a million tasks too: builds it, minutes")
    parser.add_argument("--out", type=Path, default=Path("docs/performance"), help="where to write (docs/performance)")
    asked = parser.parse_args()
    binaries = asked.binaries.resolve()
    measured = Measured(asked.runs)
    for tasks in [int(tasks) for tasks in asked.sizes.split(",") if tasks] + [50_000] * asked.large:
        graph(measured, binaries, tasks)
    if asked.archive:
        archive(measured, binaries, asked.archive)
    if asked.openpgp:
        openpgp(measured, binaries, asked.openpgp)
    if asked.oracle_tasks:
        scriptworker(measured, binaries, asked.oracle_tasks)
    asked.out.mkdir(parents=True, exist_ok=True)
    raw = {"machine": machine(binaries / "cotrace"), "worlds": measured.worlds, "micro": {}}
    if asked.micro:
        raw["micro"], told = micro()
        (asked.out / "micro.txt").write_text(told)
    if asked.tui:
        raw["tui"], told = tui()
        (asked.out / "tui.txt").write_text(told)
    (asked.out / "raw.json").write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n")
    subprocess.run([sys.executable, "benches/plots.py", asked.out], check=True)


if __name__ == "__main__":
    main()
