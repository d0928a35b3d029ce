#!/bin/sh
# Managed by deployer for polls; changed by "deployer setup" and "deployer push"
# What cron runs for schedule report: in the release that is live then, as the app, never beside itself.
set -u
umask 0027
cd '/srv/polls/current' || exit
# a release that has no such schedule runs none
[ -e .deployer/schedule-report ] || exit 0
state='/run/polls/workers/schedule_report'
exec 9>>"$state"_lock || exit
# who only looks whether it runs holds this for a moment
flock -w 2 9 || exit 0

# A run writes alone, so between two of them no line is lost.
log='/var/log/deployer/polls/schedule-report.log'
if [ "$(stat -c %s "$log" 2>/dev/null || echo 0)" -gt 10485760 ]; then
  for old in 4 3 2 1; do [ ! -f "$log.$old" ] || mv -f "$log.$old" "$log.$((old + 1))"; done
  mv -f "$log" "$log.1"
fi
exec >>"$log" 2>&1 </dev/null

# shellcheck disable=SC3045 # dash and bash have both
ulimit -c 0
# shellcheck disable=SC3045
ulimit -n 16384 2>/dev/null || ulimit -n "$(ulimit -Hn)"
env -i 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' 'HOME=/srv/polls/shared' 'LANG=C.UTF-8' 'PYTHONDONTWRITEBYTECODE=1' 'PYTHONUNBUFFERED=1' timeout -k 5 90 '/bin/sh' '.deployer/schedule-report'
printf '%s\n' "$? $(date +%s)" >"$state"_part && mv -f "$state"_part "$state"
