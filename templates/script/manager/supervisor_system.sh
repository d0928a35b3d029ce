# --- supervisord of the host ---

PYTHON=/usr/bin/python3
SCRIPTS=/etc/deployer/$APP
PROGRAMS=/etc/supervisor/conf.d

ask_supervisor() { sudo -n "$PYTHON" -I -S "$SCRIPTS/control.py" "$@"; }

# may_switch SLOT: whether this login may switch programs with what the drop-in grants.
may_switch() { sudo -n -l "$PYTHON" -I -S "$SCRIPTS/control.py" start "$1" >/dev/null 2>&1; }

# definition SLOT: the $path of what the manager starts it by.
definition() { path=$PROGRAMS/$APP-$1.conf; }

listener_there() { [ -e "$PROGRAMS/$APP-listen.conf" ]; }

# --- as root ---

# The directories of sockets, now as at every start of supervisord.
make_run_directories() { sh "$SCRIPTS/boot.sh" directories; }

# check_definitions DIRECTORY: candidates by their file names, read by supervisord's own reader.
check_definitions() {
  set -- "$1" "$1/$APP"-*.conf
  [ -f "$2" ] || return 0
  reader=$(command -v supervisord) || return 1
  read -r reader <"$reader"
  stand_alone "$1" || return 1
  "${reader#??}" -I -c "$READ_DEFINITIONS" "$1/main"
}
