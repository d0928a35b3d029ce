#!/bin/sh
# Builds the root file system that every test machine boots from.
# usage: recipe.sh SUITE DIRECTORY
# The hash of this text and the suite is the cache's key: any edit here builds anew.
set -eu
suite=$1
out=$2

packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,openssh-server,nginx-light
packages=$packages,python3,python3-venv,git,sudo,curl,ca-certificates
packages=$packages,rsync,iproute2,logrotate,procps,cron,supervisor,faketime,fcgiwrap

# The outer machine may sit behind a mirror of its own; without one for Debian,
# mmdebstrap's default serves.
mirror=
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -n "$mirror" ] || ! [ -f "$list" ] ||
        mirror=$(grep -Eo '^(URIs:|deb ).*' "$list" | grep -Eo 'https?://[^ ]*/debian/?( |$)' |
            head -n 1 | tr -d ' ') || true
done

# Timers that reach for a network are off, so that nothing stirs while a test measures.
# Host keys go, because each machine gets its own.
# Nobody reads a greeting, for which each login runs five programs.
# Generators run at each daemon-reload and find nothing in a container: half of what it costs.
# shellcheck disable=SC2016 # mmdebstrap's own shell expands $1
mmdebstrap --quiet --variant=minbase --format=directory --include="$packages" \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='rm -f "$1"/etc/ssh/ssh_host_*' \
    --customize-hook='chroot "$1" systemctl --quiet disable fcgiwrap.socket fcgiwrap.service supervisor.service' \
    --customize-hook='chroot "$1" systemctl --quiet disable apt-daily.timer apt-daily-upgrade.timer' \
    --customize-hook='mkdir -p "$1/etc/systemd/system-generators" && cd "$1/etc/systemd/system-generators" &&
        for name in debug fstab gpt-auto hibernate-resume run ssh system-update tpm2; do ln -s /dev/null "systemd-$name-generator"; done' \
    --customize-hook='rm -r "$1/etc/update-motd.d"' \
    --customize-hook='mkdir -p "$1/etc/uv" "$1/opt/wheels"' \
    --customize-hook='printf "[global]\nno-index = true\nfind-links = /opt/wheels\ndisable-pip-version-check = true\n" > "$1/etc/pip.conf"' \
    --customize-hook='printf "no-index = true\nfind-links = [\"/opt/wheels\"]\npython-downloads = \"never\"\n" > "$1/etc/uv/uv.toml"' \
    --customize-hook=': > "$1/etc/resolv.conf"' \
    "$suite" "$out" ${mirror:+"$mirror"}
