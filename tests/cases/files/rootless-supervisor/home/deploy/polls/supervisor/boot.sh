#!/bin/sh
# Managed by deployer for polls; changed by "deployer setup"
# What supervisord runs first: nothing else of the app starts by itself.
set -u
cd / || exit 1
umask 022
as_owner() { "$@"; }
as_owner /bin/sh '/home/deploy/polls/supervisor'/recover.sh
for slot in a b; do
  [ ! -L '/home/deploy/polls'/slots/"$slot" ] || python3 -I -S '/home/deploy/polls/supervisor'/control.py start "$slot"
done
# Each waits for what an earlier one left, and none for another.
as_owner cat '/home/deploy/polls'/.deployer/workers 2>/dev/null | {
  while read -r name number; do
    python3 -I -S '/home/deploy/polls/supervisor'/control.py start "worker-$name@$number" </dev/null &
  done
  wait
}
