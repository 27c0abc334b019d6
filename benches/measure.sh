#!/usr/bin/env bash
# Measures cotrace beside its peers, in one run: builds, then benches/measure.py, which has the options (--help), and
# benches/plots.py, which makes a table and pictures of what was measured. Both need Python 3 and nothing else.
# docs/performance.md tells how to read it.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --workspace --quiet
exec python3 benches/measure.py --binaries "${CARGO_TARGET_DIR:-target}/release" "$@"
