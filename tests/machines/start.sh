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
echo $$ > "$pidfile.new"
mv "$pidfile.new" "$pidfile"
exec "$@"
