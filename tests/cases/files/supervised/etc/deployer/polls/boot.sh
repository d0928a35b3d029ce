#!/bin/sh
# Managed by deployer for polls; changed by "deployer setup"
# What supervisord runs first: nothing else of the app starts by itself.
set -u
cd / || exit 1
umask 022
as_owner() { runuser -u 'polls-deploy' -- "$@"; }
install -d -m 0755 '/run/polls' || exit 1
for slot in 'a' 'b' 'trial'; do
  install -d -m 2750 -o 'polls' -g 'www-data' '/run/polls'/"$slot" || exit 1
done
install -d -m 0700 -o 'polls' -g 'polls' '/run/polls'/listen || exit 1
install -d -m 2750 -o 'polls' -g 'polls' '/run/polls'/workers || exit 1
install -d -m 0755 /var/log/deployer && install -d -m 2750 -o 'polls' -g 'polls' '/var/log/deployer/polls' || exit 1
[ -e '/run/polls'/trial.log ] || install -m 0600 -o 'polls-deploy' /dev/null '/run/polls'/trial.log || exit 1
[ "${1-}" != directories ] || exit 0
as_owner /bin/sh '/etc/deployer/polls'/recover.sh
for slot in a b; do
  [ ! -L '/srv/polls'/slots/"$slot" ] || python3 -I -S '/etc/deployer/polls'/control.py start "$slot"
done
# Each waits for what an earlier one left, and none for another.
as_owner cat '/srv/polls'/.deployer/workers 2>/dev/null | {
  while read -r name number; do
    python3 -I -S '/etc/deployer/polls'/control.py start "worker-$name@$number" </dev/null &
  done
  wait
}
