# --- activation: from here no client, signal or pipe can stop us ---

# The journal names what to put back; it is on disk before anything is switched.
journal() {
  put "$ROOT/.deployer/journal" "$ID $takeover $RELEASE ${slot:--} $idle ${live:--} $1 ${old_site:--}" && sync_file "$ROOT/.deployer"
}
journal_end() { rm -f "$LIST.was" && rm -f "$ROOT/.deployer/journal" && sync_file "$ROOT/.deployer"; }

# run_step NAME FUNCTION ARG...: like step, but the caller decides what a failure means.
run_step() { (step "$@"); }

is_complete() { [ -f "$ROOT/releases/$1/.deployer/manifest.json" ]; }

activate() {
  case $takeover in
    reload) run_step switch switch_reload && run_step proof prove "$slot" ;;
    replace) run_step start start_idle && run_step switch switch_replace && run_step proof prove "$idle" ;;
    restart) run_step switch switch_restart && run_step proof prove "$slot" ;;
  esac || return 1
  if [ -n "$new_workers" ] || ! no_workers "$RELEASE"; then run_step workers move_workers; fi
}

switch_reload() {
  relink "../releases/$RELEASE" "$ROOT/slots/$slot" && live_links "$RELEASE" "$live" || return 1
  reload_slot "$RELEASE" || { unit_log "$slot"; fail reload; return 1; }
}

# reload_slot RELEASE: only workers that come after it count as that release's; earlier ones of it may still finish their
# requests. Where the reload is refused they never leave, and count again.
# shellcheck disable=SC2016 # expanded by the inner sh
reload_slot() {
  # Nothing can have run a release of this run's own name.
  if [ "$1" = "$ID" ]; then unit reload "$slot"; return; fi
  as_app sh -c 'cd "$1/workers" && for one in [0-9]*; do
    ! grep -qsF "\"release\": \"$2\"" "$one" || mv -f "$one" "aside.$one"
  done' sh "$RUNDIR/$slot" "$ROOT/releases/$1"
  unit reload "$slot" && return 0
  as_app sh -c 'cd "$1/workers" && for one in aside.*; do [ ! -f "$one" ] || mv -f "$one" "${one#aside.}"; done' sh "$RUNDIR/$slot"
  return 1
}

switch_restart() {
  install_unit "$slot" "$RELEASE" && relink "../releases/$RELEASE" "$ROOT/slots/$slot" && live_links "$RELEASE" "$live" &&
    unit stop "$slot" && unit start "$slot"
}

# The idle slot gets the release, boots beside the live one, and is proven on its own socket.
start_idle() {
  install_unit "$idle" "$RELEASE" || return 1
  unit stop "$idle" 2>/dev/null
  unit forgive "$idle" 2>/dev/null
  relink "../releases/$RELEASE" "$ROOT/slots/$idle" || return 1
  unit start "$idle" || { unit_log "$idle"; fail start; return 1; }
  probe "$idle" "$ROOT/releases/$RELEASE" "$WORKERS" 0 1 || { unit_log "$idle"; fail "${found#fail }"; return 1; }
}

switch_replace() { install_site && relink "$RUNDIR/$idle/gunicorn.sock" "$ROOT/web.sock"; }

# install_unit SLOT RELEASE: the unit as that release has it.
install_unit() {
  [ -n "$new_units" ] || return 0
  root install "unit_$1" "$(manifest_of "$2" "unit_$1")" && root reload-units
}

install_site() {
  [ -n "$new_site" ] || return 0
  if root install site "$new_site" && root reload-site; then
    echo "$new_site" >"$loaded" || :
    return 0
  fi
  fail site-refused
}

# live_links LIVE PREVIOUS: for people and for nginx's files; pages of the previous release still name its own.
live_links() {
  relink "releases/$1" "$ROOT/current" || return 1
  live_pages "$1" || return 1
  [ -d "$ROOT/static" ] || return 0
  { [ -z "${2-}" ] || [ "$2" = "$1" ] || relink "$2" "$ROOT/static/previous"; } && relink "$1" "$ROOT/static/live"
}

# live_pages LIVE: its own pages for nginx's errors, if it has any.
live_pages() {
  if [ -d "$ROOT/pages/$1" ]; then relink "$1" "$ROOT/pages/live"; else rm -f "$ROOT/pages/live"; fi
}

# Proven: every worker reports this release, and the site answers by its socket and through nginx.
prove() {
  case $takeover in
    replace) live_links "$RELEASE" "$live" || return 1 ;;
    *) install_site || return 1 ;;
  esac
  probe "$1" "$ROOT/releases/$RELEASE" "$WORKERS" "$NGINX_PORT" 3 && return 0
  unit_log "$1"
  fail "${found#fail }"
}

# Put the old release back, wherever the activation stopped, and prove it. What requests reach goes first, and one
# part that fails keeps no other from being done.
restore() {
  if [ -z "$live" ]; then
    unit stop "$idle" 2>/dev/null
    unit forgive "$idle" 2>/dev/null
    rm -f "$ROOT/slots/$idle" "$ROOT/web.sock" "$ROOT/current" "$ROOT/static/live" "$ROOT/pages/live"
    restore_site
    restore_workers
    return 0
  fi
  is_complete "$live" || { fail release-gone "release=$live"; return 1; }
  bad=
  relink "../releases/$live" "$ROOT/slots/$slot" || bad=yes
  case $takeover in
    replace) restore_socket || bad=yes ;;
    restart) install_unit "$slot" "$live" || bad=yes ;;
  esac
  restore_process || :
  live_links "$live" "${old_previous-}" || bad=yes
  restore_site || bad=yes
  # Which release its workers run is asked of them: a reload that was refused has never left the old one.
  probe "$slot" "$ROOT/releases/$live" 1 "$NGINX_PORT" 1 || restart_process || bad=yes
  restore_workers || bad=yes
  [ -z "$bad" ]
}

# The last resort where a reload left the one process that there is in a state that nobody can use.
restart_process() {
  [ "$takeover" = reload ] || return 1
  unit stop "$slot"
  unit forgive "$slot" 2>/dev/null
  unit start "$slot" && probe "$slot" "$ROOT/releases/$live" 1 "$NGINX_PORT" 1
}

# The flip back; connections still queued at the other socket need a second.
restore_socket() {
  was_at=$(readlink "$ROOT/web.sock") || was_at=
  relink "$RUNDIR/$slot/gunicorn.sock" "$ROOT/web.sock" || return 1
  [ "$was_at" != "$RUNDIR/$idle/gunicorn.sock" ] || sleep 1
  rm -f "$ROOT/slots/$idle"
  unit stop "$idle" 2>/dev/null
  unit forgive "$idle" 2>/dev/null
  install_unit "$idle" "$live"
}

restore_process() {
  if [ "$takeover" = restart ] || ! unit_runs "$slot"; then
    unit stop "$slot"
    unit forgive "$slot" 2>/dev/null
    unit start "$slot"
  elif [ "$takeover" = reload ]; then
    reload_slot "$live"
  fi
}

restore_site() {
  [ -n "${old_site-}" ] || return 0
  root install site "$old_site" || return 1
  # Another site's broken file keeps nginx from reloading: no harm where it never took ours.
  root reload-site || [ ! -e "$loaded" ]
}

go() {
  loaded=$run/site-loaded
  if [ -n "$new_units$new_site$new_workers" ]; then privilege; fi
  old_site=''
  if [ -n "$new_site" ]; then
    system_file site && old_site=$(sha256sum <"$path") && old_site=${old_site%% *}
  fi
  target "$ROOT/static/previous" && old_previous=$named
  if ! plan_switch; then
    discard
    history failed
    end restored "release=${live:--}"
  fi
  if ! is_complete "$RELEASE" || ! journal switching; then
    ev "failed switch reason=journal"
    discard
    end restored "release=${live:--}"
  fi
  if ! activate; then
    run_step restore restore || give_up
    journal_end
    discard
    history failed
    end restored "release=${live:--}"
  fi
  journal proven
  mark_proven
  tell_proven
  await_verdict "$DECIDE"
  if [ "$verdict" = revert ]; then
    journal switching
    run_step restore restore || give_up
    # A release that a rollback was going to was good before.
    [ "$RELEASE" != "$ID" ] || rm -f "$ROOT/releases/$RELEASE/.deployer/proven"
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

# Where a rollback from here goes: what was live when this release first was.
mark_proven() {
  good=$ROOT/releases/$RELEASE/.deployer/proven
  # An empty file needs no room, and still says that the release is good.
  [ -f "$good" ] || put "$good" "${live:--}" || touch "$good"
}

tell_proven() {
  ev "live release=$RELEASE revision=$(manifest_of "$RELEASE" revision) previous=${live:--}"
}

# --- what a crash left ---

recover() {
  remove_unfinished
  forget_dead
  end_trial
  stage=
  read -r was takeover was_release slot idle live stage old_site <"$ROOT/.deployer/journal" 2>/dev/null
  if [ -n "$stage" ]; then
    ev "decided recover value=$stage run=$was release=$was_release"
    settle || { ev "warn recover-failed"; return 0; }
  fi
  journal_end
  heal_current
  heal_socket
}

# What a dead run was sent; one that lives waits for its turn.
forget_dead() {
  for left in "$ROOT"/.deployer/runs/*/env "$ROOT"/.deployer/runs/*/token; do
    [ ! -e "$left" ] || works "${left%/*}" || rm -f "$left"
  done
}

settle() {
  first='' new_units='' new_site='' new_workers='' loaded=$STATE/runs/$was/site-loaded
  [ "$old_site" != - ] || old_site=
  if [ -f "$LIST.was" ]; then new_workers=yes; fi
  [ -z "$old_site$new_workers" ] || privilege
  [ "$slot" != - ] || first=yes slot=a
  [ "$live" != - ] || live=
  if [ "$stage" = proven ]; then
    RELEASE=$was_release
    mark_proven
    drain
    RELEASE=$ID
  else
    restore
  fi
}

# Somebody removed the link that people use: the slot behind the socket knows what is live.
heal_current() {
  [ ! -e "$ROOT/current" ] && [ ! -L "$ROOT/current" ] || return 0
  slot=$(readlink "$ROOT/web.sock" 2>/dev/null) || return 0
  slot=${slot%/*}
  target "$ROOT/slots/${slot##*/}"
  if [ -n "$named" ] && is_complete "$named"; then relink "releases/$named" "$ROOT/current"; fi
}

# Somebody removed the link that nginx uses: the slot of the live release is where it led.
heal_socket() {
  [ ! -L "$ROOT/web.sock" ] && target "$ROOT/current" && [ -n "$named" ] || return 0
  live=$named
  for one in a b; do
    target "$ROOT/slots/$one"
    if [ "$named" = "$live" ]; then relink "$RUNDIR/$one/gunicorn.sock" "$ROOT/web.sock"; fi
  done
}
