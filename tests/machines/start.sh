#!/bin/sh
# Becomes COMMAND inside a control group of its own.
# usage: start.sh GROUP PIDFILE CONSOLE COMMAND...
# Without that group two machines would share one tree of services, and stopping a
# unit on one would kill the other's processes.
set -eu
group=$1
pidfile=$2
console=$3
shift 3
exec < /dev/null >> "$console" 2>&1
awk '$3 == "cgroup2" || $4 ~ /name=systemd/ { print $2 }' /proc/mounts |
    while read -r hierarchy; do
        mkdir -p "$hierarchy/$group"
        echo $$ > "$hierarchy/$group/cgroup.procs"
    done
# Each machine's systemd and its like watch files by some seven of what the kernel grants root 128 of, and a machine that
# gets none does not boot. Where this cannot be raised, fewer machines are up at a time.
instances=/proc/sys/fs/inotify/max_user_instances
[ "$(cat $instances)" -ge 1024 ] || { echo 1024 > $instances; } 2> /dev/null || :
echo $$ > "$pidfile.new"
mv "$pidfile.new" "$pidfile"
exec "$@"
