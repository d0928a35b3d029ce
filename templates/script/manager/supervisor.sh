# --- the manager: supervisord ---
#
# It is asked by control.py, which only knows the programs of this app. Of an instance of our own, the login asks; of the
# host's, root does.

MANAGER=supervisor

# unit VERB SLOT: start, stop or reload. What failed too often may be started again as it is.
unit() { [ "$1" = forgive ] || ask_supervisor "$@"; }

# unit_state SLOT: its $activity, in systemd's words: active, inactive, failed, activating ...
unit_state() { activity=$(ask_supervisor state "$1" 2>/dev/null) || activity=unknown; }
unit_runs() { unit_state "$1" && [ "$activity" = active ]; }
unit_failed() { unit_state "$1" && [ "$activity" = failed ]; }

# was_cut SLOT TOOK PATIENCE: whether what was stopped just now was killed, by how long that took. What runs keeps the limit
# that it was started with.
was_cut() { [ "$2" -ge $(($3 * 100)) ]; }

# unit_lines SLOT: the last that it printed.
unit_lines() { ask_supervisor lines "$1"; }

# trial_lines: the last that the trial printed.
trial_lines() { unit_lines trial; }

# worker_definition NAME: the $path of what a worker is started by: control.py makes programs of it.
worker_definition() { path=$SCRIPTS/$APP-worker-$1.conf; }

# It waits for none, and the file names none.
unknown_services() { :; }

# Nobody accounts for its processes: a generation tells by itself which its master is.
unit_group() { cgroup=; }

# unit_memory SLOT: $used by its processes, in kB; what is shared counts twice.
unit_memory() {
  used=0
  main=$(ask_supervisor pid "$1" 2>/dev/null) || return 0
  [ "${main:-0}" -gt 0 ] || return 0
  # shellcheck disable=SC2046 # numbers
  memory_of "$main" $(cat "/proc/$main/task/$main/children" 2>/dev/null)
}

# --- as who owns the definitions ---

# stand_alone DIRECTORY: what supervisord can read of candidates there, before the directories of their logs exist.
stand_alone() {
  mkdir "$1/log" && sed -i "s#^stdout_logfile=.*/#stdout_logfile=$1/log/#" "$1/$APP"-*.conf &&
    printf '[supervisord]\nlogfile=%s/log/log\n[include]\nfiles=%s/*.conf\n' "$1" "$1" >"$1/main"
}
READ_DEFINITIONS='import sys
from supervisor.options import ServerOptions
ServerOptions().realize(["-c", sys.argv[1]], progname="deployer")'

# boot.sh starts them with supervisord, whoever they are.
start_at_boot() { :; }
not_at_boot() { :; }

load_definitions() { "$PYTHON" -I -S "$SCRIPTS/control.py" update; }

# --- nginx, which the system's own manager runs ---

nginx_state() { if nginx_runs; then activity=active; else activity=inactive; fi; }
nginx_runs() { read -r main 2>/dev/null </run/nginx.pid && [ -d "/proc/$main" ]; }
reload_nginx() { nginx -s reload; }
start_nginx() { service nginx start; }
