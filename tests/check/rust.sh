#!/bin/sh
# A Rust that can build this, with clippy and rustfmt; installs one only where Debian packages rustup.
set -eu
wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)

say() {
    echo "rust: $1; get Rust $wanted or newer with rustup, as www.rust-lang.org/tools/install shows" >&2
    exit 1
}

if ! command -v cargo > /dev/null; then
    # The distributions' own cargo is older than this needs, their rustup is not.
    command -v rustup > /dev/null || {
        apt-cache show rustup > /dev/null 2>&1 && [ "$(id -u)" = 0 ] || say 'cargo is missing'
        echo 'rust: installing rustup with apt-get' >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rustup > /dev/null
    }
    echo 'rust: installing the stable toolchain with rustup' >&2
    rustup --quiet toolchain install stable --profile minimal --component clippy,rustfmt
    rustup --quiet default stable
fi

have=$(cargo --version | cut -d' ' -f2)
oldest=$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1)
[ "$oldest" = "$wanted" ] || say "cargo $have is too old"
for tool in clippy fmt; do
    cargo "$tool" --version > /dev/null 2>&1 || say "cargo $tool is missing"
done
