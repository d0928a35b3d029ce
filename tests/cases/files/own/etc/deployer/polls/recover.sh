#!/bin/sh
ROOT='/srv/polls'
RUNDIR='/run/polls'

# Settles an activation that the end of the host interrupted, at boot and before either slot starts.
# The journal reads: run, takeover, new release, old slot, new slot, old release, stage, old site.
set -u
relink() { ln -sfn "$1" "$2.recover" && mv -fT "$2.recover" "$2"; }

cd "$ROOT" || exit 1
# A run that is under way settles its own journal.
exec 9>>.deployer/lock
flock -n 9 || exit 0
read -r run takeover release slot idle live stage _ <.deployer/journal || :
[ -n "${stage-}" ] || exit 0
echo "run $run stopped at stage $stage: from ${live:--} to $release by $takeover"
if [ "$stage" = proven ]; then
  rm -f .deployer/workers.was
  [ -f "releases/$release/.deployer/proven" ] || echo "$live" >"releases/$release/.deployer/proven"
  if [ "$takeover" = replace ] && [ "$slot" != - ]; then rm -f "slots/$slot"; fi
elif [ "$live" = - ]; then
  rm -f "slots/$idle" web.sock current static/live pages/live
else
  relink "../releases/$live" "slots/$slot" && relink "releases/$live" current || exit 1
  if [ -e "static/$live" ]; then relink "$live" static/live; fi
  if [ -e "pages/$live" ]; then relink "$live" pages/live; else rm -f pages/live; fi
  if [ "$takeover" = replace ]; then
    relink "$RUNDIR/$slot/gunicorn.sock" web.sock || exit 1
    rm -f "slots/$idle"
  fi
fi
# What starts the workers comes after this.
[ ! -f .deployer/workers.was ] || mv -fT .deployer/workers.was .deployer/workers
rm -f slots/trial .deployer/journal
