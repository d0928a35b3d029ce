#!/bin/sh
# Fetches the wheels that the test machines install from, for their Python.
# usage: wheels.sh SUITE DIRECTORY < wheels.txt
set -eu
suite=$1
out=$2
case $suite in
bookworm) python=3.11 ;;
trixie) python=3.13 ;;
*)
    echo "wheels.sh: which Python has $suite?" >&2
    exit 2
    ;;
esac
arch=$(uname -m)
mkdir -p "$out/bin"
list=$(mktemp)
unpacked=$(mktemp -d)
trap 'rm -rf "$list" "$list.pass" "$unpacked"' EXIT
cat > "$list"

# pip refuses two versions of one package in one call: the n-th call takes each
# package's n-th version.
pass=1
while awk -F== -v pass=$pass '++seen[$1] == pass' "$list" > "$list.pass" && [ -s "$list.pass" ]; do
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --platform "manylinux_2_28_$arch" --platform "manylinux_2_17_$arch" \
        --platform "manylinux2014_$arch" --python-version "$python" --implementation cp \
        --abi "cp$(echo $python | tr -d .)" --abi abi3 --abi none \
        --dest "$out" --requirement "$list.pass"
    pass=$((pass + 1))
done

python3 -m zipfile -e "$out"/uv-*.whl "$unpacked"
install -m 755 "$unpacked"/uv-*.data/scripts/uv "$out/bin/uv"
