# --- the manager: systemd ---
#
# What runs is called by its slot: `a`, `b`, `trial` and, with its number, `worker-celery@1`. Only the files of managers
# know how each calls it. Whose systemd it is says the file beside this one: $UNITS has its units, see_units asks it,
# switch_units tells it.

MANAGER=systemd

# unit VERB SLOT: start, stop, reload, or `forgive`, after which it may be started though it failed too often.
unit() {
  case $1 in
    forgive) switch_units reset-failed "$APP-$2.service" ;;
    # From systemd's own hand: for the program of ExecReload= it would first make the whole sandbox once more.
    reload) switch_units kill -s HUP --kill-who main "$APP-$2.service" ;;
    *) switch_units "$1" "$APP-$2.service" ;;
  esac
}

# unit_state SLOT: its $activity, one of active, inactive, failed, activating, deactivating, reloading and unknown.
unit_state() {
  activity=$(see_units is-active "$APP-$1.service" 2>/dev/null) || :
}
unit_runs() { see_units -q is-active "$APP-$1.service"; }
unit_failed() { see_units -q is-failed "$APP-$1.service"; }

# was_cut SLOT: whether what was stopped just now was killed for its time was over. Only systemd knows: what holds for a
# worker is the limit of the unit that was loaded last, and that may be of another release.
was_cut() { [ "$(see_units show -p Result "$APP-$1.service")" = Result=timeout ]; }

# trial_lines: the last that the trial printed.
trial_lines() { tail -n 40 "$RUNDIR/trial.log"; }

# definition SLOT: the $path of what the manager starts it by.
definition() { path=$UNITS/$APP-$1.service; }

# unit_memory SLOT: $used by its processes, in kB and without the cache of files.
unit_memory() {
  unit_group "$1"
  used=$(sed -nE 's/^(anon|total_rss) ([0-9]+)[0-9]{3}$/\2/p' "/sys/fs/cgroup/$cgroup/memory.stat" "/sys/fs/cgroup/memory/$cgroup/memory.stat" 2>/dev/null)
  [ -z "$used" ] || return 0
  # Without the kernel's account: what is shared counts twice.
  # shellcheck disable=SC2046 # numbers
  memory_of $(cat "/sys/fs/cgroup/$cgroup/cgroup.procs" "/sys/fs/cgroup/systemd/$cgroup/cgroup.procs" 2>/dev/null)
}

# unknown_services NAME...: those that it has no definition of.
unknown_services() {
  for one; do
    [ "$(see_units show -p LoadState "$one" 2>/dev/null)" != LoadState=not-found ] || printf '%s\n' "$one"
  done
}

# The one listener of all generations, from an earlier setup or from this one.
listener_there() { [ -e "$UNITS/$APP-listen.socket" ]; }

# process_definition KIND NAME: the $path of what a worker, a schedule or its timer is started by.
process_definition() {
  case $1 in
    worker) path=$UNITS/$APP-worker-$2@.service ;;
    schedule) path=$UNITS/$APP-schedule-$2.service ;;
    timer) path=$UNITS/$APP-schedule-$2.timer ;;
  esac
}

# retired_definitions: the paths of what workers and schedules were started by that this script does not know.
retired_definitions() {
  of_no_release "$UNITS/$APP"-worker-*@.service "$UNITS/$APP"-schedule-*
}

# schedule_state NAME: $activity of its last run, its $result and exit $code, when that was $over and when the $next begins.
schedule_state() {
  activity=unknown result='' code='' over=''
  # In one answer: a run that begins between two takes the end of the one before from the second.
  while IFS='=' read -r key value; do
    case $key in
      ActiveState) activity=$value ;;
      Result) result=$value ;;
      ExecMainStatus) code=$value ;;
      ExecMainExitTimestamp) over=$value ;;
    esac
  done <<LIST
$(see_units show -p ActiveState,Result,ExecMainStatus,ExecMainExitTimestamp "$APP-schedule-$1.service" 2>/dev/null)
LIST
  next=$(see_units show --value -p NextElapseUSecRealtime "$APP-schedule-$1.timer" 2>/dev/null)
}

# --- as who owns the units ---

# check_definitions DIRECTORY: candidates by their file names; only lines about them count.
check_definitions() {
  told=$1/said
  set -- "$1"/*
  for file; do
    shift
    case $file in *.service | *.timer) set -- "$@" "$file" ;; esac
  done
  [ $# -gt 0 ] || return 0
  verify_files "$@" 2>&1 | grep -F "$APP-" | grep -v -e 'is not executable' -e 'Unknown key' -e 'Unknown lvalue' >"$told"
  cat "$told"
  [ ! -s "$told" ]
}

# start_timer FILE-NAME: from now on and at boot.
start_timer() { system_file "$1" && enable_units "${path##*/}" && see_units -q restart "${path##*/}"; }

# retire_definitions: what of them runs is left to end.
retire_definitions() {
  retired=$(retired_definitions)
  # While all files are there: a timer whose service is gone is not stopped for good.
  for path in $retired; do
    case $path in
      *.timer) see_units -q disable --now "${path##*/}" ;;
      *) forget_units "${path##*/}" ;;
    esac
  done
  for path in $retired; do rm -f "$path"; done
  load_definitions
}

# What starts the workers with the host.
start_at_boot() { enable_units "$APP-workers.service"; }
not_at_boot() { see_units -q disable "$APP-workers.service"; }

load_definitions() { link_units && see_units daemon-reload; }

# --- nginx, which the host's own systemd runs ---

nginx_state() { activity=$(systemctl is-active nginx.service 2>/dev/null) || :; }
nginx_runs() { systemctl -q is-active nginx.service; }
reload_nginx() { systemctl reload nginx.service; }
start_nginx() { systemctl -q enable --now nginx.service; }
