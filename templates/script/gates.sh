# --- gates: nothing takes a request before it has booted ---

# probe SLOT RELEASE-DIR WORKERS PORT COUNT: sets $found to the probe's words. Port 0 asks the socket alone.
probe() {
  # A site of the project's own template may not say whose it is, nor where it is reached.
  site=/etc/nginx/sites-available/$APP.conf marked=no door=$4 scheme=$SCHEME
  if grep -qs X-Deployer-App "$site"; then marked=yes; fi
  if [ "$4" -ne 0 ]; then
    case $(listeners_of "$site") in
      '') ;;
      [0-9]*-tls*) scheme=https door=$(listeners_of "$site" | sed 's/-.*//;q') ;;
      *) scheme=http door=$(listeners_of "$site" | sed 's/-.*//;q') ;;
    esac
  fi
  unit_group "$1"
  found=$(as_app timeout -k 5 "$((BOOT + 30))" python3 -I -S -c "$PROBE_PY" "$APP" "$RUNDIR/$1" "$2" "$cgroup" "$3" "$BOOT" \
    "$HEALTH_HOST" "$HEALTH_PATH" "$HEALTH_LOW" "$HEALTH_HIGH" "$HEALTH_TIMEOUT" "$door" "$5" "$marked" "$scheme")
}

# trial RELEASE-DIR: one worker of the new release on a socket of its own, in the app's own sandbox.
trial() {
  relink "$1" "$ROOT/slots/trial" || return 1
  : >"$RUNDIR/trial.log" || return 1
  unit start trial || { fail trial-start; return 1; }
  if ! probe trial "$(readlink -f "$ROOT/slots/trial")" 1 0 1; then
    excerpt trial trial_lines
    fail "${found#fail }"
    return 1
  fi
  imported=${found#*imported=}
  imported=${imported%% *}
  [ -n "$database$went" ] || ev almost
  end_trial
}

end_trial() {
  if [ -L "$ROOT/slots/trial" ]; then
    # Where this login may not stop it now, or nobody can say how it is, the link stays, and tells the next run that there
    # may be something to end.
    if ! unit stop trial 2>/dev/null; then
      unit_state trial
      case $activity in inactive | failed) ;; *) return 0 ;; esac
    fi
    # Else the host counts as degraded until the next good push.
    if unit_failed trial; then unit forgive trial; fi
    rm -f "$ROOT/slots/trial"
    : >"$RUNDIR/trial.log"
  fi
}

# import_gate: the app as gunicorn would load it, without a socket.
import_gate() {
  relink "$1" "$ROOT/slots/trial" || return 1
  # shellcheck disable=SC2016 # expanded by the inner sh
  as_app env ${STATIC_URL:+"STATIC_URL=$STATIC_URL" "STATIC_MANIFEST=$1/.deployer/static.json"} \
    sh -c 'cd "$1" && set -a && . ./.deployer/env && set +a && DEPLOYER_TRIAL=1 SLOT=trial exec timeout -k 5 "$2" venv/bin/gunicorn --check-config -c "$3"' \
    sh "$1" "$BOOT" "$ROOT/slots/trial.py" || { fail import; return 1; }
  ev almost
  rm -f "$ROOT/slots/trial"
}

excerpt() {
  ev "excerpt $1"
  shift
  "$@" 2>&1 || :
  ev excerpt-end
}
unit_log() { excerpt "$APP-$1" unit_lines "$1"; }

# decide WANTED RELEASE-DIR MAX-STALL: how the new release takes over, and why.
decide() {
  why=
  if [ -n "$first" ]; then
    takeover=replace why=first
  else
    old=$(readlink "$ROOT/releases/$live/venv") new=$(readlink "$2/venv")
    if [ "$old" != "$new" ]; then why=packages
    elif [ -n "$new_units" ]; then why=unit
    elif find_unfit && [ -n "$unfit" ]; then why=$unfit
    elif ! unit_runs "$slot"; then why=stopped
    elif [ ! -L "$ROOT/web.sock" ]; then why=socket
    elif [ "$(kept_by_master "$ROOT/releases/$live")" != "$(kept_by_master "$2")" ]; then why=settings
    elif grep -qs '^preload_app = True' "$2/.deployer/gunicorn.conf.py"; then why=preload
    elif [ "${imported:-0}" -gt "$3" ]; then why=slow-import
    fi
    takeover=reload
    [ -z "$why" ] || takeover=replace
    case $1 in
      auto) ;;
      "$takeover") ;;
      reload) [ "$why" = slow-import ] && takeover=reload why=asked ;;
      *) takeover=$1 why=asked ;;
    esac
  fi
  ev "decided takeover value=$takeover${why:+ why=$why}"
  [ "$takeover" != replace ] || [ -n "$first" ] || room_for_two
}

# What a master reads once: preloading, where the old app would stay in its memory, the queue of its socket, and where
# else it listens.
kept_by_master() { grep -sE '^(preload_app|backlog|LISTEN) = ' "$1/.deployer/gunicorn.conf.py" | tail -n 3; }

# find_unfit: once in a run, what $unfit it for a reload.
find_unfit() { [ -n "${unfit+known}" ] || unfit=$(unfit_for_reload); }

# `unit` when the unit was written after the live generation started, which a reload does not renew; `deaf` when its
# workers do not heed TERM, and would serve on beside their successors; `threads` when they would drop requests, as
# those of gthread do before gunicorn 24. Only the app's user can look there.
unfit_for_reload() {
  definition "$slot"
  # shellcheck disable=SC2016 # expanded by the inner sh
  as_app sh -c '[ -z "$(find "$1" -newer "$2/gunicorn.sock" 2>/dev/null)" ] || { echo unit; exit; }
    ! grep -qs "\"deaf\": true" "$2"/workers/* || { echo deaf; exit; }
    ! grep -qs "\"hasty\": true" "$2"/workers/* || echo threads' sh "$path" "$RUNDIR/$slot"
}

# A second generation beside the first needs as much memory as the first has now.
room_for_two() {
  memory "$slot"
  [ "$used" -lt "$have" ] || refuse "memory need=${used}kB have=${have}kB"
}
