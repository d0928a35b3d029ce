# --- the manager: Upstart ---
#
# Anybody may ask it for the state of a job; root tells it what to do. It never says how a job is: `start` succeeds
# though the program ends at once, so every start is proven by what the generation itself reports.

MANAGER=upstart
SCRIPTS=/etc/deployer/$APP
INITCTL=/sbin/initctl

# job SLOT: its $job and, of one of several workers, which $instance.
job() {
  job=$APP-$1 instance=''
  case $1 in *@*) job=$APP-${1%@*} instance=NUMBER=${1##*@} ;; esac
}

# unit VERB SLOT: start, stop or reload. What is so already is no failure; what was respawned too often may be started
# again as it is. A stop and a start read a changed definition, nothing else does.
unit() {
  case $1 in
    start) unit_runs "$2" || switch_job start || unit_runs "$2" ;;
    # Its status is no help where the definition changed meanwhile.
    stop) unit_stopped "$2" || switch_job stop || outlast_stop "$2" ;;
    reload) job "$2" && switch_job reload ;;
  esac
}

# outlast_stop SLOT: to stop what is stopping already is refused at once, and `kill timeout` ends it as any stop.
outlast_stop() {
  until unit_stopped "$1"; do
    [ "$activity" = deactivating ] || return 1
    sleep 1
  done
}

switch_job() { sudo -n "$INITCTL" "$1" "$job" ${instance:+"$instance"}; }

# unit_state SLOT: its $activity, in systemd's words. A job is `NAME (INSTANCE) GOAL/STATE, process PID`, and runs only as
# start/running; in other states the number is that of another process. What it knows no job or instance of does not run;
# an Upstart that gives no answer leaves that open. Its errors are answers too, so what else is printed there, as by a
# loader, may stand ahead.
unit_state() {
  job "$1"
  activity=$("$INITCTL" status "$job" ${instance:+"$instance"} 2>&1 |
    sed -nE "s#^$job( \\([0-9]+\\))? ((start|stop)/[a-z-]+)(, .*)?\$#\\2#p; s#^[a-z]+: (Unknown (job|instance)): .*#\\1#p" | head -n 1)
  case $activity in
    start/running) activity=active ;;
    start/*) activity=activating ;;
    stop/waiting | Unknown*) activity=inactive ;;
    stop/*) activity=deactivating ;;
    *) activity=unknown ;;
  esac
}
unit_runs() { unit_state "$1" && [ "$activity" = active ]; }
unit_stopped() { unit_state "$1" && [ "$activity" = inactive ]; }
# It forgets what failed.
unit_failed() { return 1; }

# was_cut SLOT TOOK PATIENCE: whether what was stopped just now was killed, by how long that took. What runs keeps the limit
# that it was started with.
was_cut() { [ "$2" -ge $(($3 * 100)) ]; }

# unit_lines SLOT: the last that it printed, to a terminal of its own.
unit_lines() { job "$1" && sudo -n /usr/bin/tail -n 20 "/var/log/upstart/$job${instance:+-${instance#*=}}.log" | tr -d '\r'; }

# may_switch SLOT: whether this login may switch jobs with what the drop-in grants.
may_switch() { job "$1" && sudo -n -l "$INITCTL" start "$job" ${instance:+"$instance"} >/dev/null 2>&1; }

# trial_lines: the last that the trial printed.
trial_lines() { unit_lines trial; }

# definition SLOT: the $path of what the manager starts it by.
definition() { path=/etc/init/$APP-$1.conf; }

# Nobody accounts for its processes: a generation tells by itself which its master is.
unit_group() { cgroup=; }

# unit_memory SLOT: $used by its processes, in kB; what is shared counts twice.
unit_memory() {
  used=0
  job "$1"
  main=$("$INITCTL" status "$job" ${instance:+"$instance"} 2>/dev/null | sed -nE "1s#^$job( \\([0-9]+\\))? start/running, process ([0-9]+)\$#\\2#p")
  [ -n "$main" ] || return 0
  # shellcheck disable=SC2046 # numbers
  memory_of "$main" $(cat "/proc/$main/task/$main/children" 2>/dev/null || pgrep -P "$main")
}

# worker_definition NAME: the $path of what a worker is started by.
worker_definition() { path=/etc/init/$APP-worker-$1.conf; }

# unknown_services NAME...: those that have neither a job nor a script. An Upstart that does not answer does not say so.
unknown_services() {
  for one; do
    case $("$INITCTL" status "$one" 2>&1) in
      *": Unknown job: $one"*) [ -e "/etc/init.d/$one" ] || printf '%s\n' "$one" ;;
    esac
  done
}

listener_there() { [ -e "/etc/init/$APP-listen.conf" ]; }

# --- as root ---

# check_definitions DIRECTORY: a broken file in the place of a good one would take the job away, so this comes first.
check_definitions() {
  for path in "$1/$APP"-*.conf; do
    [ ! -f "$path" ] || init-checkconf "$path" || return 1
  done
}

# The job of all workers starts those that should run; whoever stops it stops them.
start_at_boot() { unit_runs workers || "$INITCTL" start "$APP-workers"; }
not_at_boot() { unit_stopped workers || "$INITCTL" stop "$APP-workers"; }

# Renamed files are seen by themselves; this is harmless to what runs.
load_definitions() { "$INITCTL" reload-configuration; }

# The directories of sockets, now as at every boot.
make_run_directories() { sh "$SCRIPTS/boot.sh" directories; }

# --- nginx, which comes with a script for init ---

nginx_state() { if nginx_runs; then activity=active; else activity=inactive; fi; }
nginx_runs() { read -r main 2>/dev/null </run/nginx.pid && [ -d "/proc/$main" ]; }
reload_nginx() { nginx -s reload; }
start_nginx() { service nginx start; }
