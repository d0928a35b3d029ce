#!/bin/sh
# Every test. Those on booted hosts wait for processors and most others for a clock, so they run beside each other; what
# the others print comes at the end.
# usage: all.sh THREADS [CARGO-OPTION...]
set -eu
threads=$1
shift
others=
for path in tests/*.rs tests/*/main.rs; do
    name=${path#tests/} name=${name%.rs} name=${name%/main}
    [ "$name" = hosts ] || others="$others --test $name"
done
cargo test --locked --no-run "$@"

printed=$(mktemp)
# In a group of its own, so that what stops this stops all of it.
set -m
# shellcheck disable=SC2086 # options
RUST_TEST_THREADS=2 cargo test --locked --no-fail-fast "$@" --lib --bins $others > "$printed" 2>&1 &
beside=$!
set +m
finish() {
    trap - EXIT
    kill -- "-$beside" 2> /dev/null || :
    rm -f "$printed"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

rc=0
RUST_TEST_THREADS=${RUST_TEST_THREADS:-$threads} cargo test --locked --no-fail-fast "$@" --test hosts || rc=$?
wait "$beside" || rc=$?
cat "$printed"
cargo test --locked "$@" --doc || rc=$?
[ "$rc" -eq 0 ]
