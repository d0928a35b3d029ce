# --- supervisord of our own, below the app's root ---

PYTHON=python3
SCRIPTS=$ROOT/supervisor
PROGRAMS=$SCRIPTS/programs

ask_supervisor() { "$PYTHON" -I -S "$SCRIPTS/control.py" "$@"; }

may_switch() { :; }

# definition SLOT: the $path of what the manager starts it by.
definition() { path=$PROGRAMS/$APP-$1.conf; }

listener_there() { [ -e "$PROGRAMS/$APP-listen.conf" ]; }

# Nothing of the run may live on in it: no lock, no pipe of the session.
make_run_directories() { /bin/sh "$SCRIPTS/start.sh" 5<&- 6<&- 7>&- 8<&- 9>&-; }

# check_definitions DIRECTORY: candidates by their file names, read by supervisord's own reader.
check_definitions() {
  set -- "$1" "$1/$APP"-*.conf
  [ -f "$2" ] || return 0
  [ -x "$SCRIPTS/venv/bin/python" ] || return 0
  stand_alone "$1" || return 1
  "$SCRIPTS/venv/bin/python" -I -c "$READ_DEFINITIONS" "$1/main"
}
