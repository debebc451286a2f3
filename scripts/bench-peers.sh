#!/usr/bin/env bash
# Compares the simulator with others on this machine: builds, sets up a Python environment with pinned
# versions below target/, runs, and prints a table.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
# shellcheck disable=SC2046
cargo build --release --locked $(scripts/features.sh) --package tonnage-benches --bin speed
cargo build --release --locked --manifest-path benches/peers/nexosim/Cargo.toml \
    --target-dir "$target/peers/nexosim"
environment=$target/peers/python
if ! cmp -s benches/peers/requirements.txt "$environment/requirements.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --requirement benches/peers/requirements.txt
    cp benches/peers/requirements.txt "$environment/"
fi
grep -m1 'model name' /proc/cpuinfo || true
python3 benches/peers/run.py "$target/release/speed" \
    "$target/peers/nexosim/release/tonnage-peer-nexosim" "$environment/bin/python"
