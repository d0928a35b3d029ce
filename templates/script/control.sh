# --- by hand: stop, start, freeze, unfreeze ---

# For what is over in a moment: nothing of it can be called off half-way.
control() {
  ended='' watcher='' queued='' told_freeze=''
  trap '[ -n "$ended" ] || ev "end prepare-failed reason=script"' EXIT
  exec 5<&0 </dev/null
  hello
  case $KIND in
    lock | unlock | maintenance*) find_live ;;
    *)
      take_lock
      same_manager || leave refused
      stop_listening
      trap '' TERM INT HUP PIPE
      recover
      find_live
      ;;
  esac
  RELEASE=${live:--}
  [ -z "$live" ] || tell_live
  (exec 5<&- && plan_control)
  case $? in
    0) finished "done" ;;
    3) finished unchanged ;;
    6) end refused ;;
  esac
  case $KIND in
    start)
      history broken
      end broken
      ;;
    *) end prepare-failed ;;
  esac
}

# A freeze is no run to follow.
finished() {
  case $KIND in lock | unlock | maintenance*) leave "$1" ;; *) end "$1" "release=$live" ;; esac
}

# Both slots, should a run have died between them. What `start` needs stays: links, units, release.
stop_site() {
  [ -n "$live" ] || refuse nothing-live
  stopped=
  for one in a b; do
    unit_state "$one"
    case $activity in inactive | failed) continue ;; esac
    unit stop "$one" || { fail stop; return 1; }
    stopped=yes
  done
  stop_workers || return 1
  if [ -n "$stopped" ]; then history stopped; else exit 3; fi
}

start_site() {
  [ -n "$live" ] || refuse nothing-live
  unit_state "$slot"
  was=$activity
  if [ "$was" != active ]; then
    unit forgive "$slot" 2>/dev/null
    unit start "$slot" || { unit_log "$slot"; fail start; return 1; }
  fi
  probe "$slot" "$ROOT/releases/$live" "$(manifest_of "$live" workers)" "$NGINX_PORT" 3 || { unit_log "$slot"; fail "${found#fail }"; return 1; }
  workers_run || was=stopped
  start_workers || return 1
  [ "$was" != active ] || exit 3
  history started
}

# freeze MESSAGE: beside the lock, so that it can be said while a run is under way.
freeze() {
  put "$ROOT/.deployer/frozen" "${BY:--} $(date +%s) $1" || return 1
  history frozen
}

unfreeze() {
  [ -f "$ROOT/.deployer/frozen" ] || exit 3
  rm -f "$ROOT/.deployer/frozen" && sync_file "$ROOT/.deployer" || return 1
  history thawed
}
