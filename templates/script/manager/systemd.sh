# --- the manager: systemd ---
#
# What runs is called by its slot: `a`, `b`, `trial` and, with its number, `worker-celery@1`. Only this file knows how the manager calls it.

MANAGER=systemd

# unit VERB SLOT: start, stop, reload, or `forgive`, after which it may be started though it failed too often.
unit() {
  case $1 in forgive) set -- reset-failed "$2" ;; esac
  sudo -n "$SYSTEMCTL" "$1" "$APP-$2.service"
}
SYSTEMCTL=$(command -v systemctl) || SYSTEMCTL=/usr/bin/systemctl
JOURNALCTL=$(command -v journalctl) || JOURNALCTL=/usr/bin/journalctl

# unit_state SLOT: its $activity, one of active, inactive, failed, activating, deactivating, reloading and unknown.
unit_state() {
  activity=$(systemctl is-active "$APP-$1.service" 2>/dev/null) || :
}
unit_runs() { systemctl -q is-active "$APP-$1.service"; }
unit_failed() { systemctl -q is-failed "$APP-$1.service"; }

# unit_lines SLOT: the last that it printed.
unit_lines() { sudo -n "$JOURNALCTL" -q --no-pager -o cat -n 20 -u "$APP-$1.service"; }

# may_switch SLOT: whether this login may switch units with what the drop-in grants.
may_switch() { sudo -n -l "$SYSTEMCTL" start "$APP-$1.service" >/dev/null 2>&1; }

# definition SLOT: the $path of what the manager starts it by.
definition() { path=/etc/systemd/system/$APP-$1.service; }

# unit_group SLOT: $cgroup of its processes, below the hierarchy's root.
unit_group() { cgroup=system.slice/$APP-$1.service; }

# unit_memory SLOT: $used by its processes, in kB and without the cache of files.
unit_memory() {
  unit_group "$1"
  used=$(sed -nE 's/^(anon|total_rss) ([0-9]+)[0-9]{3}$/\2/p' "/sys/fs/cgroup/$cgroup/memory.stat" "/sys/fs/cgroup/memory/$cgroup/memory.stat" 2>/dev/null)
  [ -z "$used" ] || return 0
  # Without the kernel's account: what is shared counts twice.
  # shellcheck disable=SC2046 # numbers
  memory_of $(cat "/sys/fs/cgroup/$cgroup/cgroup.procs" "/sys/fs/cgroup/systemd/$cgroup/cgroup.procs" 2>/dev/null)
}

# The one listener of all generations, from an earlier setup or from this one.
listener_there() { [ -e "/etc/systemd/system/$APP-listen.socket" ]; }

# process_definition KIND NAME: the $path of what a worker, a schedule or its timer is started by.
process_definition() {
  case $1 in
    worker) path=/etc/systemd/system/$APP-worker-$2@.service ;;
    schedule) path=/etc/systemd/system/$APP-schedule-$2.service ;;
    timer) path=/etc/systemd/system/$APP-schedule-$2.timer ;;
  esac
}

# retired_definitions: the paths of what workers and schedules were started by that this script does not know.
retired_definitions() {
  for path in "/etc/systemd/system/$APP"-worker-*@.service "/etc/systemd/system/$APP"-schedule-*; do
    [ -f "$path" ] && grep -qs "^# Managed by deployer for $APP;" "$path" || continue
    case "$SYSTEM_TABLE$newline" in *" $path$newline"*) ;; *) printf '%s\n' "$path" ;; esac
  done
}

# schedule_state NAME: $activity of its last run, its $result and exit $code, when it $ended and when the $next begins.
schedule_state() {
  unit_state "schedule-$1"
  result='' code='' ended=''
  while IFS='=' read -r key value; do
    case $key in Result) result=$value ;; ExecMainStatus) code=$value ;; ExecMainExitTimestamp) ended=$value ;; esac
  done <<LIST
$(systemctl show -p Result,ExecMainStatus,ExecMainExitTimestamp "$APP-schedule-$1.service" 2>/dev/null)
LIST
  next=$(systemctl show -P NextElapseUSecRealtime "$APP-schedule-$1.timer" 2>/dev/null)
}

# --- as root ---

# check_definitions DIRECTORY: candidates by their file names; only lines about them count.
check_definitions() {
  told=$1/said
  set -- "$1"/*
  for file; do
    shift
    case $file in *.service | *.timer) set -- "$@" "$file" ;; esac
  done
  [ $# -gt 0 ] || return 0
  systemd-analyze verify "$@" 2>&1 | grep -F "$APP-" | grep -v -e 'is not executable' -e 'Unknown key' -e 'Unknown lvalue' >"$told"
  cat "$told"
  [ ! -s "$told" ]
}

# start_timer FILE-NAME: from now on and at boot.
start_timer() { system_file "$1" && systemctl -q enable "${path##*/}" && systemctl -q restart "${path##*/}"; }

# retire_definitions: what of them runs is left to end.
retire_definitions() {
  for path in $(retired_definitions); do
    case $path in *.timer) systemctl -q disable --now "${path##*/}" ;; esac
    rm -f "$path"
  done
  load_definitions
}

# What starts the workers with the host.
start_at_boot() { systemctl -q enable "$APP-workers.service"; }
not_at_boot() { systemctl -q disable "$APP-workers.service"; }

load_definitions() { systemctl daemon-reload; }

# The directories of sockets, now as at every boot.
make_run_directories() { systemd-tmpfiles --create "/etc/tmpfiles.d/deployer-$APP.conf"; }

# --- nginx, which the system's own manager runs ---

nginx_state() { activity=$(systemctl is-active nginx.service 2>/dev/null) || :; }
nginx_runs() { systemctl -q is-active nginx.service; }
reload_nginx() { systemctl reload nginx.service; }
start_nginx() { systemctl -q enable --now nginx.service; }
