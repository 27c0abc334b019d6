#!/usr/bin/env bash
# Measures import and replay of a generated graph beside peers, in one run: benches/measure.sh [TASKS] [RUNS]
# Peers that are not installed are skipped, saying so. Prints a Markdown table of medians; docs/performance.md tells how
# to read it.
# The real scriptworker is a peer where COTRACE_ORACLE names a folder with programs that make a world for it (gen.py) and run
# it offline (oracle.py), and COTRACE_ORACLE_PYTHON a Python that has it: then a second table is of that world.
set -euo pipefail
cd "$(dirname "$0")/.."

tasks=${1:-5000}
runs=${2:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --release --workspace --quiet
cotrace=${CARGO_TARGET_DIR:-target}/release/cotrace
"${CARGO_TARGET_DIR:-target}/release/cotrace-generator" scale --tasks "$tasks" --seed 1 "$work/capture" >"$work/scale.txt"
target=$(sed -n 's/^\([A-Za-z0-9_-]\{22\}\)  beetmover.*/\1/p' "$work/scale.txt" | head -n 1)
files=$(find "$work/capture" -type f | wc -l)
bytes=$(find "$work/capture" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')

# Runs a command and prints its wall time in seconds and its peak memory in KiB; exit codes of verdicts are no failures.
timed() {
    python3 - "$@" <<'PY'
import resource, subprocess, sys, time
start = time.monotonic()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall = time.monotonic() - start
print(f"{wall:.3f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
PY
}

# Median, least and greatest of the first column, and the greatest of the second.
summary() {
    sort -n | awk '{ wall[NR] = $1; if ($2 > peak) peak = $2 }
        END { printf "%s | %s to %s | %d", wall[int((NR + 1) / 2)], wall[1], wall[NR], peak / 1024 }'
}

row() { # name, preparation, command...
    local name=$1 prepare=$2
    shift 2
    local line
    line=$(for _ in $(seq "$runs"); do
        eval "$prepare"
        timed "$@"
    done | summary)
    echo "| $name | $line |"
}

echo "$tasks tasks, $files files, $bytes bytes; median of $runs runs; $(nproc) cores; $(uname -m)"
echo
echo "| what | seconds | least to greatest | peak MiB |"
echo "| --- | --- | --- | --- |"
case_file=$work/case.sqlite
row "import" 'rm -f "$case_file"' "$cotrace" --case "$case_file" import "$work/capture" --accept-keys --operator bench
cp "$case_file" "$work/imported.sqlite"
row "replay --all, cold (examine and judge)" 'cp "$work/imported.sqlite" "$case_file"' "$cotrace" --case "$case_file" replay --all --format json
row "replay --all, warm (judge)" ':' "$cotrace" --case "$case_file" replay --all --format json
row "replay of one beetmover task, warm" ':' "$cotrace" --case "$case_file" replay "$target"
for peer in tar zstd sha256sum python3; do
    command -v "$peer" >/dev/null || echo "skipped: $peer is not installed" >&2
done
if command -v tar >/dev/null && command -v zstd >/dev/null; then
    row "peer: tar, zstd -3" ':' sh -c "tar -C '$work' -c capture | zstd -q -3 -o '$work/peer.zst' -f"
fi
if command -v sha256sum >/dev/null; then
    row "peer: find, xargs sha256sum" ':' sh -c "find '$work/capture' -type f -print0 | xargs -0 -P $(nproc) -n 500 sha256sum"
fi
if command -v python3 >/dev/null; then
    row "peer: Python, hashlib and sqlite3" 'rm -f "$work/peer.sqlite"' python3 benches/peer_loader.py "$work/capture" "$work/peer.sqlite"
fi
echo
size() { stat -c %s "$1"; }
echo "Case file after import: $(size "$work/imported.sqlite") bytes; after replay --all: $(size "$case_file") bytes."
[ -f "$work/peer.zst" ] && echo "tar | zstd -3 of the capture: $(size "$work/peer.zst") bytes."

# The same beside scriptworker, which verifies one chain of a graph of as many tasks, in process: without its start, and
# without a network.
if [ -z "${COTRACE_ORACLE:-}" ] || [ -z "${COTRACE_ORACLE_PYTHON:-}" ]; then
    echo "skipped: scriptworker (COTRACE_ORACLE and COTRACE_ORACLE_PYTHON say where it is)" >&2
    exit 0
fi
world=$work/world
"$COTRACE_ORACLE_PYTHON" "$COTRACE_ORACLE/gen.py" "$world" --tasks "$tasks" --artifact-size 1024 --depth 19 --width 100 \
    --groups main,images >"$work/gen.txt"
deep=$("$COTRACE_ORACLE_PYTHON" - "$world" <<'PY'
import json, sys
targets = json.load(open(sys.argv[1] + "/targets.json"))
print(next(t["task_id"] for t in targets if t["label"] == "main/deep"))
PY
)
echo
echo "| beside scriptworker | seconds | least to greatest | peak MiB |"
echo "| --- | --- | --- | --- |"
row "import" 'rm -f "$case_file"' "$cotrace" --case "$case_file" import "$world" --accept-keys --operator bench
cp "$case_file" "$work/imported.sqlite"
row "replay --all, cold" 'cp "$work/imported.sqlite" "$case_file"' "$cotrace" --case "$case_file" replay --all
row "replay --all, warm" ':' "$cotrace" --case "$case_file" replay --all
row "one chain of 22 links, cold" 'cp "$work/imported.sqlite" "$case_file"' "$cotrace" --case "$case_file" replay "$deep"
"$cotrace" --case "$case_file" replay --all >/dev/null 2>&1 || true
row "one chain of 22 links, warm" ':' "$cotrace" --case "$case_file" replay "$deep"
row "peer: scriptworker, that chain, a process" ':' "$COTRACE_ORACLE_PYTHON" "$COTRACE_ORACLE/oracle.py" "$world" "$deep" --task-type signing
line=$("$COTRACE_ORACLE_PYTHON" - "$COTRACE_ORACLE" "$world" "$deep" "$runs" 2>/dev/null <<'PY'
import resource, sys
sys.path.insert(0, sys.argv[1])
import oracle
store = oracle.Store(sys.argv[2])
for _ in range(int(sys.argv[4])):
    told = oracle.run_oracle(sys.argv[2], sys.argv[3], "signing", store=store)
    assert told["ok"], told
    print(f"{told['wall_s']:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}")
PY
)
echo "| peer: scriptworker, that chain, in process | $(echo "$line" | summary) |"
