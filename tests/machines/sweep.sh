#!/bin/sh
# Takes down machines of one run: all of them with their network, or only those named.
# usage: sweep.sh [--when-stdin-ends] RUN_DIRECTORY [NAME...]
# Safe to run twice and at the same time as another sweep of the same run.
set -u

# The run's process holds the other end of this pipe, so even kill -9 of it ends the wait.
if [ "$1" = --when-stdin-ends ]; then
    shift
    while read -r _; do :; done
fi
run=$1
shift
[ -d "$run" ] || exit 0
id=${run##*/}

members() {
    find "$1" -name cgroup.procs -exec cat {} + 2> /dev/null | grep -v '^0$'
}

# By control group and not by pid: it takes the container's own children along, and a
# reused pid can never be hit. Killing systemd-nspawn alone would leave its machine running.
stop() {
    awk '$3 == "cgroup2" || $4 ~ /name=systemd/ { print $2 }' /proc/mounts |
        while read -r hierarchy; do
            group=$hierarchy/deployer-$id-$1
            [ -d "$group" ] || continue
            tries=0
            while pids=$(members "$group") && [ -n "$pids" ] && [ $tries -lt 200 ]; do
                if [ -e "$group/cgroup.kill" ]; then
                    echo 1 > "$group/cgroup.kill"
                else
                    # shellcheck disable=SC2086 # a list of numbers
                    kill -9 $pids 2> /dev/null
                fi
                tries=$((tries + 1))
                sleep 0.02
            done
            find "$group" -depth -type d -exec rmdir {} + 2> /dev/null
        done
}

remove() {
    machine=$run/machines/$1
    [ -d "$machine" ] || return 0
    stop "$1"
    # What a dead machine was still sending keeps its end of the link for a while.
    ip link delete "vb-$id-$1" 2> /dev/null
    for mount in "$machine/root" "$machine/disk"; do
        while mountpoint -q "$mount"; do
            umount -R "$mount" 2> /dev/null || umount -l "$mount" 2> /dev/null || ! mountpoint -q "$mount" || return 1
        done
    done
    rm -rf --one-file-system "$machine"
}

if [ $# -gt 0 ]; then
    for name; do remove "$name" || exit 1; done
    exit 0
fi
for machine in "$run"/machines/*/; do
    [ -d "$machine" ] || continue
    machine=${machine%/}
    remove "${machine##*/}" || exit 1
done
ip link delete "dpl-$id" 2> /dev/null
rm -rf --one-file-system "$run"
