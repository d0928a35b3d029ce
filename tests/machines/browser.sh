#!/bin/sh
# Installs the browser of the tests that need one, on a bare Debian machine. Silent when it is there.
set -eu
! command -v chromium-headless-shell > /dev/null || exit 0
if ! apt-cache show chromium-headless-shell > /dev/null 2>&1; then
    apt-get update -qq
fi
echo 'browser: installing chromium-headless-shell with apt-get' >&2
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell > /dev/null
