#!/bin/sh
# Managed by deployer for polls; changed by "deployer setup"
# What of the app starts with the host: directories in memory, what a crash left, the listener, the live generation.
set -u
cd / || exit 1
umask 022
as_owner() { sudo -n -u 'polls-deploy' -- "$@"; }

# start_workers: each that should run, and none waits for another.
start_workers() {
  as_owner cat '/srv/polls'/.deployer/workers 2>/dev/null | {
    while read -r name number; do
      { initctl start 'polls'-worker-"$name" NUMBER="$number" || initctl status 'polls'-worker-"$name" NUMBER="$number"; } </dev/null &
    done
    wait
  }
}
if [ "${1-}" = workers ]; then
  start_workers
  exit
fi

# await SERVICE: until it runs, or the seconds are over that all of them have.
await() {
  until service_runs "$1"; do
    if [ "$left" -le 0 ]; then echo "$1 does not run yet"; return; fi
    left=$((left - 1))
    sleep 1
  done
}

# service_runs SERVICE: by its job, by its script for init; what has neither is not waited for. An Upstart that gives no
# answer leaves it open.
service_runs() {
  case $(initctl status "$1" 2>&1) in
    *' start/running'*) ;;
    *": Unknown job: $1"*)
      if [ -e /etc/init.d/"$1" ]; then service "$1" status >/dev/null 2>&1
      else echo "there is no $1 here"
      fi
      ;;
    *': Unknown parameter: '*) echo "$1 has instances, and nobody says which to wait for" ;;
    *) return 1 ;;
  esac
}

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
# In "start on", a service that never starts, or that has a script in place of a job, would keep the app away for ever.
left=90
for service in 'postgresql' 'redis-server'; do await "$service"; done
initctl start 'polls'-listen || initctl status 'polls'-listen
for slot in a b; do
  [ ! -L '/srv/polls'/slots/"$slot" ] || initctl start 'polls'-"$slot" || initctl status 'polls'-"$slot"
done
initctl start 'polls'-workers || initctl status 'polls'-workers
