#!/bin/sh
# Managed by deployer for polls; changed by "deployer setup"
# What supervisord runs first: nothing else of the app starts by itself.
set -u
cd / || exit 1
umask 022
/bin/sh '/home/deploy/polls/supervisor'/recover.sh
for slot in a b; do
  [ ! -L '/home/deploy/polls'/slots/"$slot" ] || python3 -I -S '/home/deploy/polls/supervisor'/control.py start "$slot"
done
