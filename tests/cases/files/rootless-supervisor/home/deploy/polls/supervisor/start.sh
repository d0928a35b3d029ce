#!/bin/sh
# Managed by deployer for polls; changed by "deployer setup"
# Starts supervisord, in an environment that is the same at boot as from a login's session. Harmless where it runs.
set -u
cd / || exit 1
umask 022
mkdir -p '/home/deploy/polls/run' && chmod 0751 '/home/deploy/polls/run' || exit 1
for slot in 'a' 'b' 'trial' listen workers; do
  mkdir -p '/home/deploy/polls/run'/"$slot" && chmod 2750 '/home/deploy/polls/run'/"$slot" || exit 1
done
/usr/bin/env python3 -I -S '/home/deploy/polls/supervisor'/control.py ping 2>/dev/null && exit 0
exec /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME='/home/deploy/polls'/shared LANG=C.UTF-8 \
  '/home/deploy/polls'/supervisor/venv/bin/supervisord -c '/home/deploy/polls/supervisor'/supervisord.conf
