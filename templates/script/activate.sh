# --- gates: nothing takes a request before it has booted ---

# probe SLOT RELEASE-DIR WORKERS PORT COUNT: sets $found to the probe's words.
probe() {
  found=$(as_app timeout -k 5 "$((BOOT + 30))" python3 -I -S -c "$PROBE_PY" "/run/$APP/$1" "$2" "$APP-$1.service" "$3" "$BOOT" \
    "$HEALTH_HOST" "$HEALTH_PATH" "$HEALTH_LOW" "$HEALTH_HIGH" "$HEALTH_TIMEOUT" "$4" "$5")
}

# trial RELEASE-DIR: one worker of the new release on a socket of its own, in the app's own sandbox.
trial() {
  relink "$1" "$ROOT/slots/trial" || return 1
  : >"/run/$APP/trial.log" || return 1
  unit start trial || { fail trial-start; return 1; }
  if ! probe trial "$(readlink -f "$ROOT/slots/trial")" 1 0 1; then
    excerpt trial tail -n 40 "/run/$APP/trial.log"
    fail "${found#fail }"
    return 1
  fi
  imported=${found#*imported=}
  imported=${imported%% *}
  end_trial
}

end_trial() {
  if [ -L "$ROOT/slots/trial" ]; then
    unit stop trial 2>/dev/null
    # Else the host counts as degraded until the next good push.
    if systemctl -q is-failed "$APP-trial.service"; then unit reset-failed trial; fi
    rm -f "$ROOT/slots/trial"
  fi
}

# import_gate: the app as gunicorn would load it, without a socket.
import_gate() {
  relink "$1" "$ROOT/slots/trial" || return 1
  # shellcheck disable=SC2016 # expanded by the inner sh
  as_app sh -c 'cd "$1" && set -a && . ./.deployer/env && set +a && DEPLOYER_TRIAL=1 SLOT=trial exec timeout -k 5 "$2" venv/bin/gunicorn --check-config -c "$3"' \
    sh "$1" "$BOOT" "$ROOT/slots/trial.py" || { fail import; return 1; }
}

excerpt() {
  ev "excerpt $1"
  shift
  "$@" 2>&1 || :
  ev excerpt-end
}
unit_log() { excerpt "$APP-$1" sudo -n "$JOURNALCTL" -q --no-pager -o cat -n 20 -u "$APP-$1.service"; }

# decide WANTED PRELOAD MAX-STALL: how the new release takes over, and why.
decide() {
  why=
  if [ -n "$first" ]; then
    takeover=replace why=first
  else
    old=$(readlink "$ROOT/releases/$live/venv") new=$(readlink "$2/venv")
    if [ "$old" != "$new" ]; then why=packages
    elif [ -n "$new_units" ] || unit_is_newer; then why=unit
    elif ! systemctl -q is-active "$APP-$slot.service"; then why=stopped
    elif [ "$3" = yes ]; then why=preload
    elif [ "${imported:-0}" -gt "$4" ]; then why=slow-import
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

# Whether the unit was written after the live generation started: a reload keeps what a process started with.
unit_is_newer() {
  # The socket's directory is closed to the login.
  [ -n "$(as_app find "/etc/systemd/system/$APP-$slot.service" -newer "/run/$APP/$slot/gunicorn.sock" 2>/dev/null)" ]
}

# A second generation beside the first needs as much memory as the first has now.
room_for_two() {
  used=$(systemctl show -p MemoryCurrent "$APP-$slot.service")
  used=${used#*=}
  case $used in *[!0-9]* | '') return 0 ;; esac
  have=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
  [ "$((used / 1024))" -lt "${have:-0}" ] || refuse "memory need=$((used / 1024))kB have=${have}kB"
}

# --- activation: from here no client, signal or pipe can stop us ---

# The journal names what to put back; it is on disk before anything is switched.
journal() { put "$ROOT/.deployer/journal" "$ID $takeover $RELEASE ${slot:--} $idle ${live:--} $1 ${old_site:--}"; }
journal_end() { rm -f "$ROOT/.deployer/journal" && sync_file "$ROOT/.deployer"; }

# run_step NAME FUNCTION ARG...: like step, but the caller decides what a failure means.
run_step() { (step "$@") 9>&-; }

activate() {
  journal switching || return 1
  case $takeover in
    reload) run_step switch switch_reload && run_step proof prove "$slot" ;;
    replace) run_step start start_idle && run_step switch switch_replace && run_step proof prove "$idle" ;;
    restart) run_step switch switch_restart && run_step proof prove "$slot" ;;
  esac
}

switch_reload() {
  relink "../releases/$RELEASE" "$ROOT/slots/$slot" && live_links "$RELEASE" "$live" || return 1
  unit reload "$slot" || { unit_log "$slot"; fail reload; return 1; }
}

switch_restart() {
  install_unit "$slot" && relink "../releases/$RELEASE" "$ROOT/slots/$slot" && live_links "$RELEASE" "$live" &&
    unit stop "$slot" && unit start "$slot"
}

# The idle slot gets the release, boots beside the live one, and is proven on its own socket.
start_idle() {
  install_unit "$idle" || return 1
  unit stop "$idle" 2>/dev/null
  unit reset-failed "$idle" 2>/dev/null
  relink "../releases/$RELEASE" "$ROOT/slots/$idle" || return 1
  unit start "$idle" || { unit_log "$idle"; fail start; return 1; }
  probe "$idle" "$ROOT/releases/$RELEASE" "$WORKERS" 0 1 || { unit_log "$idle"; fail "${found#fail }"; return 1; }
}

switch_replace() { install_site && relink "/run/$APP/$idle/gunicorn.sock" "$ROOT/web.sock"; }

install_unit() {
  [ -n "$new_units" ] || return 0
  root install "unit_$1" "$(manifest_of "$RELEASE" "unit_$1")" && root reload-units
}

install_site() {
  [ -n "$new_site" ] || return 0
  root install site "$new_site" && root reload-site
}

live_links() {
  relink "releases/$1" "$ROOT/current" || return 1
  [ -d "$ROOT/static" ] || return 0
  { [ -z "${2-}" ] || relink "$2" "$ROOT/static/previous"; } && relink "$1" "$ROOT/static/live"
}

# Proven: every worker reports this release, and the site answers by its socket and through nginx.
prove() {
  [ "$takeover" = replace ] || install_site || return 1
  if [ "$takeover" = replace ]; then live_links "$RELEASE" "$live" || return 1; fi
  probe "$1" "$ROOT/releases/$RELEASE" "$WORKERS" "$NGINX_PORT" 3 && return 0
  unit_log "$1"
  fail "${found#fail }"
}

# Put the old release back, wherever the activation stopped, and prove it.
restore() {
  if [ -z "$live" ] || [ "$live" = - ]; then
    unit stop "$idle" 2>/dev/null
    rm -f "$ROOT/slots/$idle" "$ROOT/web.sock" "$ROOT/current" "$ROOT/static/live"
    return 0
  fi
  live_links "$live" || return 1
  if [ "$takeover" = replace ]; then
    relink "/run/$APP/$slot/gunicorn.sock" "$ROOT/web.sock"
    unit stop "$idle" 2>/dev/null
    unit reset-failed "$idle" 2>/dev/null
    rm -f "$ROOT/slots/$idle"
  fi
  relink "../releases/$live" "$ROOT/slots/$slot" || return 1
  [ -z "${old_site-}" ] || { root install site "$old_site" && root reload-site; }
  if [ "$takeover" = restart ] || ! systemctl -q is-active "$APP-$slot.service"; then
    unit stop "$slot"
    unit reset-failed "$slot"
    unit start "$slot"
  elif [ "$takeover" = reload ]; then
    unit reload "$slot"
  fi
  probe "$slot" "$ROOT/releases/$live" 1 "$NGINX_PORT" 1
}

go() {
  if [ -n "$new_units$new_site" ]; then privilege; fi
  old_site=
  if [ -n "$new_site" ]; then
    system_file site && old_site=$(sha256sum <"$path") && old_site=${old_site%% *}
  fi
  if ! activate; then
    run_step restore restore || give_up
    journal_end
    discard
    history failed
    end restored "release=${live:--}"
  fi
  journal proven
  # Where a rollback from here goes: what was live when this release first was.
  good=$ROOT/releases/$RELEASE/.deployer/proven
  [ -f "$good" ] || put "$good" "${live:--}"
  tell_proven
  await_verdict "$DECIDE"
  if [ "$verdict" = revert ]; then
    journal switching
    run_step restore restore || give_up
    rm -f "$ROOT/releases/$RELEASE/.deployer/proven"
    journal_end
    history reverted
    end reverted "release=${live:--}"
  fi
  plan_finish
  journal_end
  end live "release=$RELEASE" "previous=${live:--}"
}

# The journal stays: the next run, or the host's next boot, tries again.
give_up() {
  history broken
  end broken "release=${live:--}"
}

tell_proven() {
  ev "live release=$RELEASE revision=$(manifest_of "$RELEASE" revision) previous=${live:--}"
}

# --- finish: tidying up, which can no longer change the outcome ---

# The old generation finishes its requests; connections still queued at its socket need the second.
drain() {
  case $takeover in
    reload) return 0 ;;
    restart) install_unit "$idle" && return ;;
  esac
  if [ -z "$first" ]; then
    sleep 1
    rm -f "$ROOT/slots/$slot"
    unit stop "$slot"
  fi
  case $idle in a) install_unit b ;; b) install_unit a ;; esac
}

history() {
  printf '{"time":"%s","kind":"%s","run":"%s","release":"%s","previous":"%s","outcome":"%s","by":"%s"}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$KIND" "$ID" "$RELEASE" "${live:--}" "$1" "$BY" >>"$ROOT/.deployer/history.jsonl"
}

# manifest_of RELEASE KEY: one plain value of its manifest.
manifest_of() { sed -n "s/.*\"$2\":\"\\{0,1\\}\\([A-Za-z0-9._-]*\\)\"\\{0,1\\}.*/\\1/p" "$ROOT/releases/$1/.deployer/manifest.json" 2>/dev/null; }

# Releases in the order this host made them, newest first; names and clocks decide nothing.
releases() {
  sed -n 's/^{"release":"\([^"]*\)","sequence":\([0-9]*\),.*/\2 \1/p' "$ROOT"/releases/*/.deployer/manifest.json 2>/dev/null |
    sort -rn | cut -d' ' -f2
}

# previous_of RELEASE: where a rollback from it goes, so that a release that was taken back is not a target again.
previous_of() {
  read -r previous <"$ROOT/releases/$1/.deployer/proven" 2>/dev/null || previous=
  if [ -f "$ROOT/releases/${previous:--}/.deployer/proven" ]; then return 0; fi
  # That one is gone: the newest good one older than this.
  previous='' seen=''
  for one in $(releases); do
    if [ -n "$seen" ] && [ -f "$ROOT/releases/$one/.deployer/proven" ]; then previous=$one && return 0; fi
    [ "$one" != "$1" ] || seen=yes
  done
}

# prune KEEP: good releases beyond the newest, and what no kept release names. Live and rollback target stay.
prune() {
  previous_of "$RELEASE"
  kept=" $RELEASE ${live:--} $previous " good=0
  for one in $(releases); do
    [ -f "$ROOT/releases/$one/.deployer/proven" ] || continue
    good=$((good + 1))
    [ "$good" -gt "$1" ] || kept="$kept$one "
  done
  for dir in "$ROOT"/releases/*; do
    case $kept in *" ${dir##*/} "*) ;; *) rm -rf "$dir" ;; esac
  done
  for dir in "$ROOT"/static/*; do
    [ -L "$dir" ] || [ -d "$ROOT/releases/${dir##*/}" ] || rm -rf "$dir"
  done
  named=$(readlink "$ROOT"/releases/*/venv "$ROOT"/releases/*/.deployer/env)
  for dir in "$ROOT"/venvs/* "$ROOT"/env/*; do
    case "$named$newline" in *"/${dir##*/}$newline"*) ;; *) rm -rf "$dir" ;; esac
  done
  # shellcheck disable=SC2012 # names of our own making
  ls -1t "$ROOT/.deployer/runs" | tail -n +31 | while read -r old; do rm -rf "$ROOT/.deployer/runs/$old"; done
}

# --- what a crash left ---

recover() {
  remove_unfinished
  find "$ROOT" "$ROOT/slots" "$ROOT/static" -maxdepth 1 -type l -name '*.[0-9]*' -exec rm -f {} +
  end_trial
  [ -f "$ROOT/.deployer/journal" ] || return 0
  read -r was takeover was_release slot idle live stage old_site <"$ROOT/.deployer/journal"
  ev "decided recover value=$stage run=$was release=$was_release"
  first='' new_units='' new_site=''
  case $old_site in -) old_site='' ;; *) privilege ;; esac
  [ "$slot" != - ] || first=yes slot=a
  [ "$live" != - ] || live=
  if [ "$stage" = proven ]; then RELEASE=$was_release drain; else restore || { ev "warn recover-failed"; return 0; }; fi
  journal_end
}
