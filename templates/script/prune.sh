# --- prune by hand: what no kept release names, on the host and in a storage ---

# The lock is held from before the names are told until the client is done with the storage: no push counts meanwhile on an
# object that no release names yet.
prune_run() {
  ended='' watcher='' queued='' told_freeze=''
  trap '[ -n "$ended" ] || ev "end prepare-failed reason=script"' EXIT
  exec 5<&0 </dev/null
  hello
  take_lock
  same_manager || leave refused
  trap 'call_off client' TERM INT HUP
  prepare plan_prepare
  case $rc in
    0) ;;
    6) end refused ;;
    *) end prepare-failed ;;
  esac
  ev ready
  await_go || call_off barrier
  trap '' TERM INT HUP PIPE
  (exec 5<&- && plan_finish) || end prepare-failed
  end "done"
}

# Nothing is half done: the client removes what it removes as a whole.
call_off() {
  end_steps
  end aborted "reason=$1"
}

# tell_names: the names of static files that this host needs, for the client to leave them alone in a storage.
tell_names() {
  if ! python3 -I -S -c "$NAMES_PY" "$ROOT" >"$run/offer"; then
    unread=$(sed -n 's/^unreadable //p' "$run/offer")
    fail "prune-names path=${unread:--}"
    return 1
  fi
  tell_offer
  # Every host is asked before anything is removed, and one may wait long for its lock. A client that is lost ends it.
  await_answer 3600 || { fail prune-unanswered; return 1; }
  whole_offer || return 1
  rm -f "$run/answer"
}

# tidy KEEP DAYS: the same as at the end of a push.
tidy() {
  recover
  find_live
  [ -n "$live" ] || return 0
  RELEASE=$live
  prune "$1" "$2" && history pruned
}

# foresee_prune KEEP: the releases that would go.
foresee_prune() {
  find_live
  [ -n "$live" ] || return 0
  RELEASE=$live
  keep_releases "$1"
  for dir in "$ROOT"/releases/*; do
    case $kept in *" ${dir##*/} "*) continue ;; esac
    [ ! -d "$dir" ] || ev "fact unneeded release=${dir##*/} kilobytes=$(du -sk "$dir" | cut -f 1)"
  done
}
